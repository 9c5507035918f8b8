// A program of a drill's own world: started, killed, started again where it was. What it prints goes to a file beside its
// configuration, and it does not outlive this process unless that is killed outright.

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { DrillError } from '../../drill/play.ts';

/** Longer than any start on a machine that is busy. */
export const START_LIMIT_MS = 120_000;
/** After this a process that was asked to end is killed. */
const STOP_LIMIT_MS = 20_000;
const KEPT_OCTETS = 65_536;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) killGroup(child);
});

export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  /** In what it prints, once it serves. */
  readonly ready: RegExp;
}

export class WorldProcess {
  readonly name: string;
  readonly directory: string;
  readonly #program: Program;
  #child: ChildProcess | null = null;
  /** Who serves: the child, or who has come after it. */
  #pid: number | null = null;
  #ended: Promise<void> = Promise.resolve();
  /** Counts ends that nobody asked for. */
  crashes = 0;

  constructor(program: Program) {
    this.name = program.name;
    this.directory = program.directory;
    this.#program = program;
  }

  get pid(): number | null {
    return this.#pid;
  }

  /** Resolves when it serves; at once if it runs. Throws a DrillError with its last words if it does not start. */
  async start(): Promise<void> {
    if (this.#child !== null) return;
    const { name, command, args, directory, ready } = this.#program;
    // A group of its own: the terminal's Ctrl-C is for the drill, which still needs its world to undo things.
    const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    this.#child = child;
    this.#pid = child.pid ?? null;
    let printed = '';
    let isReady = false;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new DrillError(`${name} ${why}${printed === '' ? '' : `:\n${printed.trim()}`}`));
      const timer = setTimeout(() => fail(`does not start within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
      const take = (octets: Buffer): void => {
        appendFileSync(join(directory, `${name}.log`), octets);
        if (isReady) return;
        printed = `${printed}${octets}`.slice(-KEPT_OCTETS);
        if (!ready.test(printed)) return;
        isReady = true;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        fail(error.code === 'ENOENT' ? `is missing: install ${command}` : error.message);
      });
      this.#ended = new Promise((ended) => {
        child.once('close', () => {
          clearTimeout(timer);
          running.delete(child);
          if (this.#child === child) {
            this.#child = null;
            this.#pid = null;
            if (isReady) this.crashes++;
          }
          if (!isReady) fail('ended at its start');
          ended();
        });
      });
    });
  }

  /** A process that it started itself serves in its place and prints where it did; the child ends once it has finished. */
  succeededBy(pid: number): void {
    this.#pid = pid;
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As an operator would; killed if it takes too long. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    const pid = this.#pid;
    this.#child = null; // from now on its end is no crash
    this.#pid = null;
    if (child === null) return this.#ended;
    if (signal === 'SIGKILL') killGroup(child);
    else if (pid !== null) kill(pid, signal);
    const timer = setTimeout(() => killGroup(child), STOP_LIMIT_MS);
    await this.#ended; // of the last that could print something
    clearTimeout(timer);
    return undefined;
  }
}

/** With all that have come after it, and what they started. */
function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) kill(-pid, 'SIGKILL');
}

/** A process, or the group of one if the id is negative. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}
