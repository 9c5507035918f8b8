// All commands by name. Each is loaded when it is asked for, so that `meridian query` does not wait for the server's code.

import { beginFirstLoad } from '../loading/early-load.ts';
import type { Command } from './args.ts';

interface Entry {
  readonly summary: string;
  /** Done before the code of the command is read. */
  prepare?(argv: readonly string[]): void;
  load(): Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'run the server',
    prepare: (argv) => {
      // Nothing has been read yet that a reload could read again; left to the system, the signal would end the process.
      process.on('SIGHUP', () => {});
      process.on('SIGUSR2', () => {}); // nothing is there yet that a successor could take over
      beginFirstLoad(argv);
    },
    load: async () => (await import('./serve.ts')).serve,
  },
  check: {
    summary: 'read configuration, zones and databases; report every error',
    load: async () => (await import('./check.ts')).check,
  },
  explain: {
    summary: 'why a client gets the answer it gets',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  query: { summary: 'ask any DNS server', load: async () => (await import('./query.ts')).query },
  bench: {
    summary: 'put a bounded load on a DNS server and tell how it bore it',
    load: async () => (await import('./bench.ts')).bench,
  },
  simulate: {
    summary: 'how the sites of a configuration would fare in a scenario',
    load: async () => (await import('./simulate.ts')).simulateCommand,
  },
  drill: {
    summary: 'break something on purpose and measure what clients see of it',
    load: async () => (await import('./drill.ts')).drillCommand,
  },
  reload: {
    summary: 'make the running server read its files again',
    load: async () => (await import('./reload.ts')).reload,
  },
  upgrade: {
    summary: 'have the running server replaced by the program that is on the disk now',
    load: async () => (await import('./upgrade.ts')).upgrade,
  },
  status: {
    summary: 'who is up and why, what is served and what was answered',
    load: async () => (await import('./status.ts')).status,
  },
  alerts: {
    summary: 'what the server finds wrong by itself',
    load: async () => (await import('./silence.ts')).alerts,
  },
  silence: {
    summary: 'tell nobody of an alert for a time',
    load: async () => (await import('./silence.ts')).silence,
  },
  whatif: {
    summary: 'where clients would go without a site',
    load: async () => (await import('./whatif.ts')).whatif,
  },
  load: {
    summary: 'say what a site carries, in place of its agent',
    load: async () => (await import('./load.ts')).load,
  },
  purge: {
    summary: 'take responses out of the caches of agents',
    load: async () => (await import('./purge.ts')).purge,
  },
  drain: {
    summary: 'take a site, pool or member out of service little by little',
    load: async () => (await import('./drain.ts')).drain,
  },
  undrain: { summary: 'put it back', load: async () => (await import('./drain.ts')).undrain },
  override: {
    summary: 'force members up or down whatever the checks see; list all orders',
    load: async () => (await import('./override.ts')).override,
  },
  token: {
    summary: 'make a token for the admin API',
    load: async () => (await import('./token.ts')).token,
  },
  import: {
    summary: 'zones and configuration from those of another server',
    load: async () => (await import('./import.ts')).importCommand,
  },
  demo: {
    summary: 'stop and start the sites of the demo',
    load: async () => (await import('./demo.ts')).demo,
  },
};
