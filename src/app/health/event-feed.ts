// What health concludes, as events for people: members that traffic leaves or comes back to, members that are seen otherwise while
// an order holds them, and the mesh. Where a whole site turns, so many are named and the rest is counted.

import type { EventRing } from '../../admin/event-ring.ts';
import type { AdminEvent } from '../../admin/schemas/changes.ts';
import type { Family } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import { cellOf, type HealthFacts } from '../../health/facts.ts';
import type { MeshStatus } from '../../model/mesh.ts';
import { type Member, type SteeringModel, serves } from '../../model/steering.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { ChangeTrail } from './change-trail.ts';

const MOST_NAMED = 50;
const FAMILIES: readonly Family[] = [4, 6];

const MESH_TEXT: Readonly<Record<MeshStatus['state'], string>> = {
  joining: 'the mesh is being joined',
  joined: 'the mesh answers',
  stale: 'the mesh does not answer: what is known stays',
};

export class EventFeed {
  readonly #events: EventRing;
  readonly #clock: Clock;
  readonly #modelNow: () => SteeringModel;
  readonly #meshNow: () => MeshStatus['state'];
  #model: SteeringModel;
  #facts: HealthFacts;
  #mesh: MeshStatus['state'];
  readonly #trail: Pick<ChangeTrail, 'of'>;

  /** `modelNow` is the one that `facts`, and those that follow, are about. */
  constructor(
    events: EventRing,
    clock: Clock,
    modelNow: () => SteeringModel,
    meshNow: () => MeshStatus['state'],
    facts: HealthFacts,
    trail: Pick<ChangeTrail, 'of'>,
  ) {
    this.#events = events;
    this.#clock = clock;
    this.#modelNow = modelNow;
    this.#meshNow = meshNow;
    this.#model = modelNow();
    this.#facts = facts;
    this.#trail = trail;
    this.#mesh = meshNow();
  }

  follow(facts: HealthFacts): void {
    const mesh = this.#meshNow();
    if (mesh !== this.#mesh) this.#add({ kind: 'mesh', level: mesh === 'joined' ? 'info' : 'warning', text: MESH_TEXT[mesh] });
    this.#mesh = mesh;
    const before = this.#facts;
    const model = this.#modelNow();
    const isSame = model === this.#model;
    this.#facts = facts;
    this.#model = model;
    if (!isSame || facts.columns.up.length !== before.columns.up.length) return; // another configuration: nothing to compare
    const told = model.members.flatMap((member) => {
      const event = eventOf(member, before, facts, model, this.#trail);
      return event === undefined ? [] : [event];
    });
    for (const event of told.slice(0, MOST_NAMED)) this.#add(event);
    const rest = told.length - MOST_NAMED;
    if (rest > 0) this.#add({ kind: 'health', level: 'warning', text: `${rest} more members have changed` });
  }

  #add(event: Pick<AdminEvent, 'kind' | 'level' | 'text'> & Partial<AdminEvent>): void {
    this.#events.add({ atMs: this.#clock.wallMs(), member: null, pool: null, site: null, isUp: null, ...event });
  }
}

type Told = Omit<AdminEvent, 'id' | 'atMs'>;

function eventOf(
  member: Member,
  before: HealthFacts,
  after: HealthFacts,
  model: SteeringModel,
  trail: Pick<ChangeTrail, 'of'>,
): Told | undefined {
  const { id, index } = member;
  const served = FAMILIES.filter((family) => serves(member, family));
  const turned = served.find((family) => before.isUp(index, family) !== after.isUp(index, family));
  const seen = served.find((family) => isSeenUp(before, index, family) !== isSeenUp(after, index, family));
  const family = turned ?? seen;
  if (family === undefined) return undefined;
  const isUp = served.some((each) => after.isUp(index, each));
  const isGood = turned === undefined ? isSeenUp(after, index, family) : after.isUp(index, family);
  const verb = turned === undefined ? 'is seen otherwise' : isGood ? 'gets traffic' : 'gets no traffic';
  return {
    kind: 'health',
    level: isGood ? 'info' : 'warning',
    text: `${id} ${verb} over IPv${family}: ${after.reason(index, family)}`,
    member: id,
    pool: model.pools[member.pool]!.id,
    site: model.sites[member.site]!.id,
    isUp,
    change: changeBehind(before.seen[cellOf(index, family)], after.seen[cellOf(index, family)], trail),
  };
}

/** An order that takes somebody out has no verdict behind it. */
const changeBehind = (
  before: Verdict | null | undefined,
  after: Verdict | null | undefined,
  trail: Pick<ChangeTrail, 'of'>,
): string | null => (!after || (before?.isUp ?? true) === after.isUp ? null : (trail.of(after.target)?.id ?? null));

const isSeenUp = (facts: HealthFacts, member: number, family: Family): boolean =>
  facts.seen[cellOf(member, family)]?.isUp ?? true;
