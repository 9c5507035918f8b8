// docker-compose.yml as a thing that a proof plays on: its commands, whatever version of compose is there, each with a time limit.

import { spawn, spawnSync } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROJECT = 'meridian-proof';
const COMMAND_LIMIT_MS = 120_000;
const STOP_SEC = 5;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. `limitMs` ends it sooner; `isShown` lets its output through. */
export function runCommand(
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
  limitMs = COMMAND_LIMIT_MS,
  isShown = false,
): Promise<Ran> {
  const child = spawn(command[0]!, command.slice(1), {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
    timeout: limitMs,
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (octets: Buffer) => (stdout += octets));
  child.stderr?.on('data', (octets: Buffer) => (stderr += octets));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const works = (command: readonly string[], environment: NodeJS.ProcessEnv): boolean =>
  spawnSync(command[0]!, command.slice(1), { env: environment }).status === 0;

export class Stack {
  readonly environment: NodeJS.ProcessEnv;
  readonly #compose: readonly string[];

  constructor(environment: NodeJS.ProcessEnv) {
    this.environment = environment;
    const isPlugin = works(['docker', 'compose', 'version'], environment);
    this.#compose = [...(isPlugin ? ['docker', 'compose'] : ['docker-compose']), '-p', PROJECT];
  }

  /** Throws with what the command said if it fails. */
  async run(command: readonly string[], limitMs?: number): Promise<string> {
    const { code, stdout, stderr } = await runCommand(command, this.environment, limitMs);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with code ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  compose(args: readonly string[], limitMs?: number): Promise<string> {
    return this.run([...this.#compose, ...args], limitMs);
  }

  async build(limitMs: number): Promise<void> {
    await this.compose(['build'], limitMs);
  }

  async up(): Promise<void> {
    await this.compose(['up', '-d']);
  }

  async down(): Promise<void> {
    await this.compose(['down', '-v', '-t', String(STOP_SEC)]);
  }

  execute(service: string, command: readonly string[]): Promise<string> {
    return this.compose(['exec', '-T', service, ...command]);
  }

  /** Kills services; resolves to the time at which the last of them was gone, as performance.now() would have told it. */
  async kill(services: readonly string[]): Promise<number> {
    await this.compose(['kill', ...services]);
    const ids = (await this.compose(['ps', '-q', '-a', ...services])).trim().split(/\s+/);
    const ends = await this.run(['docker', 'inspect', '--format', '{{.State.FinishedAt}}', ...ids]);
    return (
      Math.max(
        ...ends
          .trim()
          .split('\n')
          .map((end) => Date.parse(end)),
      ) - performance.timeOrigin
    );
  }

  start(services: readonly string[]): Promise<string> {
    return this.compose(['start', ...services]);
  }

  region(action: 'cut' | 'join', region: string): Promise<string> {
    return this.run(['deploy/compose/region.sh', action, region]);
  }

  /** Lines of a shell script inside a service, which ends with its input: with `stop`. */
  follow(service: string, script: string): { readonly lines: Interface; stop(): void } {
    const command = [...this.#compose, 'exec', '-T', service, 'sh', '-c', script];
    const child = spawn(command[0]!, command.slice(1), { cwd: ROOT, env: this.environment, stdio: ['pipe', 'pipe', 'ignore'] });
    return { lines: createInterface({ input: child.stdout }), stop: () => void child.stdin.end() };
  }
}
