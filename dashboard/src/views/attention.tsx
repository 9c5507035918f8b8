// What somebody should look at, the worst first; or that there is nothing.

import type { StagedState as Change } from '../../../src/admin/schemas/staged.ts';
import type { World } from '../data/api.ts';
import { isOverTarget, loadingOf } from '../parts/load-bar.tsx';
import { Sign } from '../parts/sign.tsx';
import { steady } from '../parts/steady.tsx';
import { type Groups, groupsOf, membersOf, type Sign as SignName, type Tone } from '../state.ts';
import { listText, plural, roundLengthText } from '../text.ts';

interface Concern {
  readonly tone: Tone;
  readonly sign: SignName;
  readonly text: string;
}

const TONES: readonly Tone[] = ['bad', 'warn', 'order', 'good', 'plain'];
const MOST_CONCERNS = 6;
/** With more sites that have members down, these are one concern. */
const MOST_SITES = 3;

interface Props {
  readonly world: World;
  /** Time of the picture if it may be old; null = it is live. */
  readonly asOf: string | null;
}

export const Attention = steady(({ world, asOf }: Props) => {
  const concerns = concernsOf(world).sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
  const { serving, members } = world.status.health;
  const sites = world.sites.filter(({ isServing }) => isServing).length;
  const count = `${serving} of ${plural(members, 'member')} serve`;
  const calm: Concern =
    asOf === null
      ? { tone: 'good', sign: 'up', text: `All is well: ${count}, at ${plural(sites, 'site')}.` }
      : { tone: 'plain', sign: 'unknown', text: `All was well at ${asOf}; what is now is not known here.` };
  const shown = concerns.length === 0 ? [calm] : concerns.slice(0, MOST_CONCERNS);
  return (
    <section class="attention" aria-label="What needs attention" id="attention">
      <ul>
        {shown.map(({ tone, sign, text }) => (
          <li key={text} class={`concern tone-${tone}`}>
            <Sign sign={sign} tone={tone} />
            <span>{text}</span>
          </li>
        ))}
        {concerns.length > MOST_CONCERNS && <li class="concern">and {concerns.length - MOST_CONCERNS} more</li>}
      </ul>
    </section>
  );
});

function concernsOf(world: World): Concern[] {
  return [...ofServer(world), ...ofMembers(world), ...ofOrders(world), ...ofLoad(world), ...ofPromises(world)];
}

function ofServer({ status }: World): Concern[] {
  const { mesh, peers, workers, readiness } = status;
  const concerns: Concern[] = [];
  if (!readiness.isReady) concerns.push(bad(`This server is not ready: ${readiness.reasons.join('; ')}`));
  if (workers.alive < workers.wanted) concerns.push(warn(`${workers.alive} of ${workers.wanted} threads answer.`));
  if (mesh.state === 'stale') {
    concerns.push(bad(`The mesh is stale: last heard ${roundLengthText(mesh.ageMs)} ago. Answers stay as they were then.`));
  } else if (mesh.trouble !== null) concerns.push(warn(`Mesh: ${mesh.trouble}`));
  if (status.change !== null) concerns.push(...ofChange(status.change, status.atMs));
  const withdrawn = peers.filter(({ isWithdrawn }) => isWithdrawn).map(({ id }) => id);
  if (withdrawn.length > 0) {
    concerns.push(warn(`${listText(withdrawn)} saw nearly everything go down at once and has taken its votes back.`));
  }
  return concerns;
}

function ofChange({ what, subject, actor, phase, server, endsMs, servers, scope }: Change, nowMs: number): Concern[] {
  const name = `The ${what}${subject === '' ? '' : ` of ${subject}`} by ${actor}`;
  if (phase === 'watching') {
    const then = scope === 'all' ? ', then for all servers' : '';
    const left = roundLengthText(Math.max(0, endsMs - nowMs));
    return [
      { tone: 'order', sign: 'moving', text: `${name} is on trial at ${server ?? 'this server'} for another ${left}${then}.` },
    ];
  }
  if (phase === 'asking' || phase === 'applying') {
    const far = servers.filter(({ state }) => state === 'applied').length;
    return [{ tone: 'order', sign: 'moving', text: `${name} goes to all servers: ${far} of ${servers.length} have it.` }];
  }
  const stuck = servers.filter(({ state }) => state === 'stuck').map((one) => one.server);
  if (phase !== 'stuck' && stuck.length === 0) return [];
  return [bad(`${name} could not be taken back${stuck.length === 0 ? '' : ` at ${listText(stuck)}`}.`)];
}

function ofMembers({ sites, pools, members }: World): Concern[] {
  const concerns: Concern[] = ofSites(sites, groupsOf(members, 'site'));
  const empty = pools.filter(({ serving, members: count }) => serving === 0 && count > 0).map(({ id }) => id);
  if (empty.length === 1) concerns.push(bad(`Pool ${empty[0]} has nobody left: the last resort of its policies decides.`));
  if (empty.length > 1) {
    concerns.push(bad(`Pools ${listText(empty)} have nobody left: the last resort of their policies decides.`));
  }
  const forcedUp = members.filter(
    ({ order, families }) => order?.action === 'up' && families.some(({ seen }) => seen === 'down'),
  );
  if (forcedUp.length > 0) concerns.push(warn(`${listText(forcedUp.map(({ id }) => id))} forced up, but seen down.`));
  const unknown = members.filter(({ families }) => families.some(({ seen }) => seen === 'unknown'));
  if (unknown.length > 0) {
    concerns.push(warn(`${plural(unknown.length, 'member')} unknown: too few fresh votes. Look at the probers.`));
  }
  const recovering = members.filter(({ state }) => state === 'recovering');
  if (recovering.length > 0) {
    concerns.push({
      tone: 'warn',
      sign: 'moving',
      text: `${listText(
        recovering.map(({ id }) => id),
        4,
      )} recovering.`,
    });
  }
  return concerns;
}

function ofSites(sites: World['sites'], bySite: Groups): Concern[] {
  const troubled = sites.flatMap((site) => {
    const here = membersOf(bySite, site);
    const down = here.filter(({ families }) => families.some(({ seen, isUp }) => seen === 'down' && !isUp));
    return down.length === 0 ? [] : [{ id: site.id, here, down }];
  });
  if (troubled.length > MOST_SITES) {
    const whole = troubled.filter(({ here, down }) => down.length === here.length);
    const partly = troubled.filter((one) => !whole.includes(one));
    return [
      ...(whole.length === 0 ? [] : [bad(`${plural(whole.length, 'site')} down: ${listText(whole.map(({ id }) => id))}.`)]),
      ...(partly.length === 0
        ? []
        : [bad(`${plural(partly.length, 'site')} with members down: ${listText(partly.map(({ id }) => id))}.`)]),
    ];
  }
  return troubled.map(({ id, here, down }) => {
    const why = down[0]!.families.find(({ seen }) => seen === 'down')!.seenWhy;
    const whole =
      down.length === here.length ? `${id} is down` : `${id}: ${plural(down.length, 'member')} of ${here.length} down`;
    return bad(`${whole}${why === null ? '' : `: ${why}`}`);
  });
}

function ofOrders({ orders, status }: World): Concern[] {
  const inForce = orders.filter(({ expiresMs }) => expiresMs === null || expiresMs > status.atMs);
  const idle = inForce.filter(({ members }) => members.length === 0).map(({ glob }) => glob);
  const working = inForce.filter(({ members }) => members.length > 0);
  return [
    ...(idle.length === 0 ? [] : [warn(`The order on ${listText(idle)} names nobody.`)]),
    ...(working.length === 0
      ? []
      : [{ tone: 'order', sign: 'out', text: `Under orders: ${listText(working.map(({ glob }) => glob))}.` } as const]),
  ];
}

function ofLoad({ sites }: World): Concern[] {
  const over = sites.filter((site) => isOverTarget(loadingOf(site) ?? { current: null, target: null, max: null, ageMs: null }));
  return over.length === 0 ? [] : [warn(`${listText(over.map(({ id }) => id))} over target load.`)];
}

const ofPromises = ({ objectives }: World): Concern[] =>
  objectives.flatMap(({ burning }) => (burning === null ? [] : [warn(`${burning[0]!.toUpperCase()}${burning.slice(1)}.`)]));

const bad = (text: string): Concern => ({ tone: 'bad', sign: 'down', text });
const warn = (text: string): Concern => ({ tone: 'warn', sign: 'unknown', text });
