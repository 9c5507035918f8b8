// Uplinks as real ones: each prober in a network namespace, joined to ours by a veth pair, where nftables drops without a word what
// goes to an address that is blocked. Ours must be private too (private-network.ts), so that nothing else ever sees a packet.
// Addresses are those for tests of networks (198.18.0.0/15, RFC 2544).

import { type Child, startChild } from '../support/child.ts';
import { eventually } from '../support/patience.ts';
import { run } from '../support/server.ts';
import type { Endpoint, Thing, Uplinks } from './uplinks.ts';

const PREFIX = '198.18';
const FIRST_ORIGIN = 11;
const RULES = `add table inet drill
add set inet drill blocked { type ipv4_addr; }
add chain inet drill out { type filter hook output priority 0; }
add rule inet drill out ip daddr @blocked drop`;

/** Of all stages of this run: the interface of a namespace that has ended may still be there for a moment. */
let interfaces = 0;

const addressOf = (thing: Thing): string => (thing === 'redis' ? `${PREFIX}.0.1` : `${PREFIX}.0.${FIRST_ORIGIN + thing}`);

export class NamespaceUplinks implements Uplinks {
  readonly kind = 'namespaces';
  readonly #holders: Child[] = [];

  /** Namespaces for so many probers, and an address for each origin. */
  static async make(probers: number, origins: number): Promise<NamespaceUplinks> {
    const uplinks = new NamespaceUplinks();
    const things: readonly Thing[] = ['redis', ...Array.from({ length: origins }, (_, i) => i)];
    await shell(['ip link set lo up', ...things.map((thing) => `ip address replace ${addressOf(thing)}/32 dev lo`)]);
    for (let prober = 0; prober < probers; prober++) await uplinks.#add(prober);
    return uplinks;
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

  block(probers: readonly number[], things: readonly Thing[]): Promise<void> {
    return this.#change('add', probers, things);
  }

  open(probers: readonly number[], things: readonly Thing[]): Promise<void> {
    return this.#change('delete', probers, things);
  }

  async close(): Promise<void> {
    for (const holder of this.#holders) {
      holder.kill('SIGKILL');
      await holder.ended;
    }
  }

  async #change(verb: 'add' | 'delete', probers: readonly number[], things: readonly Thing[]): Promise<void> {
    const addresses = things.map(addressOf).join(', ');
    const command = `nft ${verb} element inet drill blocked '{ ${addresses} }'`;
    await Promise.all(probers.map((prober) => shell([command], this.wrapper(prober))));
  }

  async #add(prober: number): Promise<void> {
    const holder = startChild('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep infinity']);
    this.#holders.push(holder);
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
  const [command, ...args] = [...wrapper, 'sh', '-ec', commands.join('\n')];
  const { code, stderr } = await run(command!, args);
  if (code !== 0) throw new Error(`${commands.join('; ')}: ${stderr}`);
}
