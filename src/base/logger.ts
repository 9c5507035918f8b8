// What code at the edges may expect of a logger (pino's shape, without pino). The pure core logs nothing.

type LogMethod = (facts: Record<string, unknown>, message: string) => void;

export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}
