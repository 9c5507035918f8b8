// A network of our own for the whole drill: this program runs itself again in new namespaces of network and processes, so that
// no packet leaves them and nothing outlives them. Where that is not permitted the reason is told, and relays do instead.

import { spawn, spawnSync } from 'node:child_process';

const OWN = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const MARK = 'MERIDIAN_DRILL_NETWORK';
/**
 * Ahead of commands of the system: npm puts programs of packages before them, and one of those is called nft too, does nothing and
 * says that it went well.
 */
export const SYSTEM_PROGRAMS_FIRST = 'PATH="/usr/sbin:/sbin:/usr/bin:/bin:$PATH"';
/** What a drill does in it: namespaces within, a pair of interfaces, and rules. */
const TRIAL = `set -e
${SYSTEM_PROGRAMS_FIRST}
ip link set lo up
unshare --net sleep 5 & holder=$!
sleep 0.2
ip link add drill type veth peer name uplink netns $holder
nft add table inet drill
nsenter --net=/proc/$holder/ns/net -- ip link set uplink up
kill $holder`;

export type PrivateNetwork = { readonly isInside: true } | { readonly isInside: false; readonly reason: string };

/** Runs this program again in a network of its own and ends with its exit code; returns if it is there already, or cannot be. */
export async function enterPrivateNetwork(): Promise<PrivateNetwork> {
  if (process.env[MARK] !== undefined) {
    // The first process of its namespace: signals do nothing to it unless it says so.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
    return { isInside: true };
  }
  const { status, stderr, error } = spawnSync('unshare', [...OWN, 'sh', '-c', TRIAL], { encoding: 'utf8' });
  if (error !== undefined) return { isInside: false, reason: `unshare: ${error.message}` };
  if (status !== 0) return { isInside: false, reason: stderr.trim().split('\n').at(-1) ?? '' };
  const child = spawn('unshare', [...OWN, process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => child.kill('SIGKILL'));
  const code = await new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? 1)));
  process.exit(code);
}
