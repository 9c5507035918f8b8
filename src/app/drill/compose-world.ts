// The containers of a docker-compose.yml like the one of this project (docs/compose.md): broken by compose, asked from its client.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sleep } from '../../base/sleep.ts';
import type { Answer, FaultName, FaultWays, LimitName, Stage, World } from '../../drill/model.ts';
import { DrillError } from '../../drill/play.ts';
import { CLIENTS, NAME, questionScript, SERVERS, SITES } from './compose-client.ts';
import { type ComposeParts, composeFaults } from './compose-faults.ts';

const COMMAND_LIMIT_MS = 120_000;
const WHOLE_LIMIT_MS = 180_000;
const LOOK_MS = 500;
const SEC_MS = 1000;
/** After this a command that was asked to end is killed. */
const STOP_LIMIT_MS = 10_000;

interface ServerStatus {
  readonly health: {
    readonly mesh: { readonly state: string; readonly trouble: unknown };
    readonly members: readonly { readonly families: readonly { readonly seen: string; readonly sharePermille: number }[] }[];
  };
}

export class ComposeWorld implements World, ComposeParts {
  readonly title: string;
  readonly servers: readonly string[] = Object.keys(SERVERS);
  readonly clients = CLIENTS;
  readonly name = NAME;
  readonly subject = { site: 'frankfurt', server: 'dns-1' };
  /** Containers that are killed are silent, unlike processes; and every command of compose takes a second or two. */
  readonly limitsMs: Readonly<Record<LimitName, number>> = {
    refused: 20_000,
    silent: 20_000,
    home: 120_000,
    answering: 30_000,
    joined: 120_000,
    relieved: 60_000,
  };
  readonly steadyMs = 15_000;
  readonly faults: Readonly<Partial<Record<FaultName, FaultWays>>>;
  readonly refused = new Map<string, string>();
  readonly file: string;
  readonly #project: readonly string[];
  #compose: readonly string[] | null = null;

  constructor(file: string, project: string | null) {
    this.file = file;
    this.title = `the containers of ${file}`;
    this.#project = project === null ? [] : ['-p', project];
    this.faults = composeFaults(this);
  }

  async open({ note }: Stage): Promise<void> {
    note('waiting until every server shares the mesh and sees all members up');
    const endMs = performance.now() + WHOLE_LIMIT_MS;
    for (const server of this.servers) await this.run(['ps', '-q', server]);
    while (!(await this.isJoined())) {
      if (performance.now() > endMs)
        throw new DrillError(`the stack is not whole after ${WHOLE_LIMIT_MS / SEC_MS} s; look with: docker compose ps`);
      await sleep(LOOK_MS);
    }
  }

  ask(take: (answer: Answer) => void): () => Promise<void> {
    // A region that is cut off is asked in its own network, so servers are asked there.
    const script = questionScript(Object.values(SERVERS).map(([, own]) => own));
    const [command, ...args] = [...this.#command(), 'exec', '-T', 'client', 'sh', '-c', script];
    const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    const sent = new Map<string, number>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [address = '', client = '', text = ''] = line.trim().split(' ');
      const server = this.servers.find((name) => SERVERS[name]![1] === address);
      if (server === undefined || client === '') return;
      const atMs = performance.now();
      // A server is asked for one client after another: a question began, at the latest, when the answer before it was told.
      const sentMs = sent.get(server) ?? atMs;
      sent.set(server, atMs);
      const isAddress = /^[\d.]+$/.test(text);
      const trouble = isAddress ? null : text === '' ? 'empty' : 'lost';
      take({ server, client, site: isAddress ? (SITES[text] ?? text) : null, trouble, sentMs, atMs });
    });
    return async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.stdin.end();
      const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), STOP_LIMIT_MS);
      await once(child, 'exit');
      clearTimeout(timer);
      child.stdout.destroy(); // whoever else still holds it open
    };
  }

  readonly isJoined = async (): Promise<boolean> => {
    const reports = await Promise.all(this.servers.map((server) => this.#status(server)));
    return reports.every(
      (report) =>
        report?.health.mesh.state === 'joined' &&
        report.health.mesh.trouble === null &&
        report.health.members.every(({ families }) =>
          families.every(({ seen, sharePermille }) => seen === 'up' && sharePermille === 1000),
        ),
    );
  };

  readonly refusals = (): ReadonlyMap<string, string> => this.refused;

  close(): Promise<void> {
    return Promise.resolve();
  }

  async run(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(args);
    if (code !== 0) throw new DrillError(`${[...this.#command(), ...args].join(' ')} ended with code ${code}: ${stderr.trim()}`);
    return stdout;
  }

  attempt(args: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    return runCommand([...this.#command(), ...args]);
  }

  async script(command: readonly string[]): Promise<void> {
    const { code, stderr } = await runCommand(command);
    if (code !== 0) throw new DrillError(`${command.join(' ')} ended with code ${code}: ${stderr.trim()}`);
  }

  async #status(server: string): Promise<ServerStatus | undefined> {
    const command = ['meridian', 'status', '--json', '--config', '/etc/meridian/meridian.yaml'];
    const { code, stdout } = await this.attempt(['exec', '-T', server, ...command]);
    return code === 0 ? (JSON.parse(stdout) as ServerStatus) : undefined;
  }

  /** `docker compose` if that is there, else `docker-compose` (1.29). */
  #command(): readonly string[] {
    this.#compose ??= [...findCompose(), '-f', this.file, ...this.#project];
    return this.#compose;
  }
}

function findCompose(): readonly string[] {
  const works = (command: string, args: readonly string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  if (works('docker', ['compose', 'version'])) return ['docker', 'compose'];
  if (works('docker-compose', ['version'])) return ['docker-compose'];
  throw new DrillError('neither "docker compose" nor docker-compose is on this machine');
}

/** In a group of its own: the terminal's Ctrl-C is for the drill, which still has things to undo. */
function runCommand(
  command: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    timeout: COMMAND_LIMIT_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (octets: Buffer) => (stdout += octets));
  child.stderr.on('data', (octets: Buffer) => (stderr += octets));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
