// A change of health on its way to the answers: the check that turned an opinion, the verdict that it made, the plan that was built from
// it, and the moment from which all threads answer by it. One change has one id in every process that takes part.

export type StepName = 'probe' | 'verdict' | 'plan' | 'publication';

export interface Step {
  readonly name: StepName;
  /** Id of the change, 32 hexadecimal digits: that of the trace too. */
  readonly change: string;
  /** Milliseconds since 1970, of the clock of the mesh. */
  readonly startMs: number;
  readonly endMs: number;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** Puts steps where traces are kept. */
export interface Tracer {
  trace(step: Step): void;
}
