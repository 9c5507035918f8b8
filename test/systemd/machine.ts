// A machine with a real systemd: booted, told commands, shut down, and nothing of it left.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Ran, runCommand } from '../compose/stack.ts';
import { waitFor } from '../drill/wait.ts';

const SCRIPT = fileURLToPath(new URL('../../../test/systemd/machine.sh', import.meta.url));
const ROOT_LIMIT_MS = 900_000;
const BOOT_LIMIT_MS = 120_000;
const SHUTDOWN_LIMIT_MS = 60_000;
const COMMAND_LIMIT_MS = 120_000;
/** In there, whatever the caller's environment. */
const ENVIRONMENT = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND=noninteractive'];

/** Why no such machine can be booted here; undefined if it can. */
export function whyNoMachine(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  for (const tool of ['debootstrap', 'unshare', 'nsenter', 'dpkg-deb', 'ip', 'dig', 'redis-server'])
    if (spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin" command -v ${tool}`]).status !== 0) return `${tool} is missing`;
  const { status, stdout } = spawnSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], { encoding: 'utf8' });
  if (status !== 0) return 'no cgroup2 file system is mounted';
  const mount = stdout.split('\n')[0]!;
  if (spawnSync('sh', ['-c', `mkdir ${mount}/meridian-trial && rmdir ${mount}/meridian-trial`]).status !== 0)
    return `no control group can be made in ${mount}`;
  const { status: code, stderr } = spawnSync('unshare', ['--mount', '--pid', '--fork', '--uts', '--ipc', '--cgroup', 'true']);
  return code === 0 ? undefined : `unshare: ${stderr.toString().trim()}`;
}

/** The files of the machine, made once; needs a Debian mirror. */
export async function makeRoot(root: string): Promise<void> {
  const { code } = await runCommand(['bash', SCRIPT, 'root', root], process.env, ROOT_LIMIT_MS, true);
  if (code !== 0) throw new Error(`no files for the machine (code ${code}); see ${root}.log`);
}

export class Machine {
  readonly root: string;
  readonly #group = `meridian-test-${process.pid}-${Date.now()}`;
  #child: ChildProcess | undefined;
  /** Of its first process, as seen from here. */
  #pid = 0;
  #console = '';

  constructor(root: string) {
    this.root = root;
  }

  async boot(): Promise<void> {
    const child = spawn('bash', [SCRIPT, 'boot', this.root, this.#group], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (octets: Buffer) => (this.#console += octets));
    const isUp = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`the machine ended: ${this.#console}`);
      this.#pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ')[0]);
      if (!(this.#pid > 0)) return false;
      // The same answer comes from any systemd that can be reached, so only once the new root is in place.
      const { stdout } = await this.run(['sh', '-c', '[ -S /run/systemd/private ] && systemctl is-system-running']);
      return ['running', 'degraded'].includes(stdout.trim());
    };
    if (Number.isFinite(await waitFor(isUp, BOOT_LIMIT_MS))) return;
    throw new Error(`systemd is not up after ${BOOT_LIMIT_MS / 1000} s: ${this.#console}`);
  }

  /** Runs a command in the machine. */
  run(command: readonly string[], limitMs = COMMAND_LIMIT_MS): Promise<Ran> {
    const enter = ['nsenter', '-t', String(this.#pid), '-m', '-p', '-u', '-i', '-C', '-r', '-w'];
    return runCommand([...enter, ...ENVIRONMENT, ...command], process.env, limitMs);
  }

  /** Likewise; throws with what the command said if it fails. */
  async must(...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(command);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with code ${code}:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** A property of a unit, as `systemctl show` has it. */
  show(unit: string, property: string): Promise<string> {
    return this.must('systemctl', 'show', '--value', '-p', property, unit);
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** Shuts it down; ends it if it does not come to its end. */
  async shutDown(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    if (!hasEnded() && this.#pid > 0) await this.run(['systemctl', 'poweroff', '--no-block']).catch(() => undefined);
    if (!Number.isFinite(await waitFor(hasEnded, SHUTDOWN_LIMIT_MS))) {
      child.kill('SIGKILL');
      await waitFor(hasEnded, SHUTDOWN_LIMIT_MS);
    }
    const mount = spawnSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], { encoding: 'utf8' }).stdout.split('\n')[0]!;
    removeGroups(join(mount, this.#group));
  }
}

/** Control groups go from the leaves on; their files go with them. */
function removeGroups(group: string): void {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroups(join(group, entry.name));
    rmdirSync(group);
  } catch {
    // One that still has a dying process in it stays until the machine starts anew; it holds nothing.
  }
}
