// The demo as `npm start` runs it, on ports of its own: its sites serve and are checked.

import type { ReservedPort } from './reserved-port.ts';
import { reservePort } from './reserved-port.ts';
import { demoDirectory, editConfig, meridian, type RunningServer, type RunResult, startServer } from './server.ts';

const SITES = ['london', 'tokyo', 'saopaulo', 'johannesburg', 'sydney'] as const;

export interface RunningDemo {
  readonly server: RunningServer;
  readonly ports: Readonly<Record<string, number>>;
  /** Runs a `meridian` command against it. */
  command(...args: readonly string[]): Promise<RunResult>;
  stop(): Promise<void>;
}

/** Starts it. `edits` change its configuration first. */
export async function startDemo(...edits: readonly (readonly [string | RegExp, string])[]): Promise<RunningDemo> {
  const reserved: ReservedPort[] = [];
  for (const _ of SITES) reserved.push(await reservePort());
  const ports = Object.fromEntries(SITES.map((site, i) => [site, reserved[i]!.port]));
  const directory = demoDirectory(ports);
  editConfig(directory, ...edits);
  const server = await startServer(directory, { args: ['--demo'] });
  return {
    server,
    ports,
    command: (...args) => meridian([...args, '--config', server.config]),
    stop: async () => {
      await server.stop();
      for (const { release } of reserved) await release();
    },
  };
}
