// Uplinks as real ones: each prober in a network namespace, joined to ours by a veth pair, where nftables drops without a word what
// goes to an address that is blocked. Ours must be private too (private-network.ts), so that nothing else ever sees a packet.
// Addresses are those for tests of networks (198.18.0.0/15, RFC 2544).

import { type Child, startChild } from '../support/child.ts';
import { eventually } from '../support/patience.ts';
import { run } from '../support/server.ts';
import { SYSTEM_PROGRAMS_FIRST } from './private-network.ts';
import type { Endpoint, Thing, Uplinks } from './uplinks.ts';

const PREFIX = '198.18';
const FIRST_ORIGIN = 11;
/** Exit code of timeout(1). */
const TIMED_OUT = 124;
const RULES = `add table inet drill
add chain inet drill out { type filter hook output priority 0; }`;

/** Of all stages of this run: the interface of a namespace that has ended may still be there for a moment. */
let interfaces = 0;

const addressOf = (thing: Thing): string => (thing === 'redis' ? `${PREFIX}.0.1` : `${PREFIX}.0.${FIRST_ORIGIN + thing}`);

export class NamespaceUplinks implements Uplinks {
  readonly kind = 'namespaces';
  readonly #holders: Child[] = [];
  /** By prober: what is blocked. */
  readonly #blocked: Set<Thing>[] = [];

  /** Namespaces for so many probers, and an address for each origin. */
  static async make(probers: number, origins: number): Promise<NamespaceUplinks> {
    const uplinks = new NamespaceUplinks();
    const things: readonly Thing[] = ['redis', ...Array.from({ length: origins }, (_, i) => i)];
    await shell(['ip link set lo up', ...things.map((thing) => `ip address replace ${addressOf(thing)}/32 dev lo`)]);
    for (let prober = 0; prober < probers; prober++) await uplinks.#add(prober);
    return uplinks;
  }

  /** Whether rules really stop packets here, and only as long as they stand. */
  async isEffective(): Promise<boolean> {
    const probers = this.#holders.map((_, prober) => prober);
    await this.block(probers, ['redis']);
    const blocked = await Promise.all(probers.map((prober) => this.#isSilent(prober, 'redis')));
    await this.open(probers, ['redis']);
    const opened = await Promise.all(probers.map((prober) => this.#isSilent(prober, 'redis')));
    return !blocked.includes(false) && !opened.includes(true);
  }

  host(thing: Thing): string {
    return addressOf(thing);
  }

  wrapper(prober: number): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#holders[prober]!.pid}/ns/net`, '--'];
  }

  reach(_: number, thing: Thing, port: number): Promise<Endpoint> {
    return Promise.resolve({ host: addressOf(thing), port });
  }

  async block(probers: readonly number[], things: readonly Thing[]): Promise<void> {
    for (const prober of probers) for (const thing of things) this.#blocked[prober]!.add(thing);
    await this.#apply(probers);
  }

  async open(probers: readonly number[], things: readonly Thing[]): Promise<void> {
    for (const prober of probers) for (const thing of things) this.#blocked[prober]!.delete(thing);
    await this.#apply(probers);
  }

  async close(): Promise<void> {
    for (const holder of this.#holders) {
      holder.kill('SIGKILL');
      await holder.ended;
    }
  }

  /** Nobody listens on that port: without a rule the connection is refused at once, with one nothing comes back. */
  async #isSilent(prober: number, thing: Thing): Promise<boolean> {
    const [command, ...args] = [...this.wrapper(prober), 'timeout', '1', 'bash', '-c', `</dev/tcp/${addressOf(thing)}/9`];
    return (await run(command!, args)).code === TIMED_OUT;
  }

  /** All rules of a prober anew, in one transaction. */
  async #apply(probers: readonly number[]): Promise<void> {
    const rulesOf = (prober: number): string =>
      [
        'flush chain inet drill out',
        ...[...this.#blocked[prober]!].map((thing) => `add rule inet drill out ip daddr ${addressOf(thing)} drop`),
      ].join('\n');
    await Promise.all(probers.map((prober) => shell([`nft '${rulesOf(prober)}'`], this.wrapper(prober))));
  }

  async #add(prober: number): Promise<void> {
    const holder = startChild('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep infinity']);
    this.#holders.push(holder);
    this.#blocked.push(new Set());
    await eventually(
      () => holder.printed('stdout') !== '',
      () => `no namespace: ${holder.printed('both')}`,
    );
    const [ours, theirs] = [`drill${interfaces}`, `${PREFIX}.${++interfaces}`];
    await shell([
      `ip link add ${ours} type veth peer name uplink netns ${holder.pid}`,
      `ip address add ${theirs}.1/24 dev ${ours}`,
      `ip link set ${ours} up`,
    ]);
    await shell(
      [
        'ip link set lo up',
        `ip address add ${theirs}.2/24 dev uplink`,
        'ip link set uplink up',
        `ip route add default via ${theirs}.1`,
        `nft '${RULES}'`,
      ],
      this.wrapper(prober),
    );
  }
}

async function shell(commands: readonly string[], wrapper: readonly string[] = []): Promise<void> {
  const [command, ...args] = [...wrapper, 'sh', '-ec', [SYSTEM_PROGRAMS_FIRST, ...commands].join('\n')];
  const { code, stderr } = await run(command!, args);
  if (code !== 0) throw new Error(`${commands.join('; ')}: ${stderr}`);
}
