// Pools and their members: what traffic follows beside what is seen, by whom, and how old that is.

import { useState } from 'preact/hooks';
import type { Member, Pool } from '../../../src/admin/schemas/world.ts';
import { Find, isFound, More, useShown } from '../parts/many.tsx';
import { Panel } from '../parts/panel.tsx';
import { Sign } from '../parts/sign.tsx';
import { steady } from '../parts/steady.tsx';
import { type Groups, groupLook, isQuiet, type Look, memberLook, membersOf, seenText } from '../state.ts';
import { lengthText, listText, roundLengthText, shortText } from '../text.ts';

interface Props {
  readonly pools: readonly Pool[];
  readonly members: readonly Member[];
  readonly byPool: Groups;
  readonly selected: string | null;
}

/** Beyond so many members of a pool, those of which nothing is to be said are counted only, until they are asked for. */
const MOST_LINES = 24;
/** Beyond so many of all pools, this is done in every pool, and there is a search. */
const MOST_MEMBERS = 72;
/** Of those of which something is to be said, in each pool. */
const FEW_LINES = 4;
const FEW_POOLS = 16;
/** The votes of a member have the whole name. */
const LONGEST_PROBER = 24;

export const Pools = steady(({ pools, members, byPool, selected }: Props) => {
  const [search, setSearch] = useState('');
  const [most, showMore] = useShown(FEW_POOLS);
  const serving = members.filter(({ isServing }) => isServing).length;
  const areMany = members.length > MOST_MEMBERS || pools.length > FEW_POOLS;
  const looks = pools.map((pool) => {
    const own = membersOf(byPool, pool);
    const isWanted = (member: Member): boolean =>
      search !== '' && isFound(search, [member.id, member.site, member.alias ?? '', ...member.addresses]);
    return { pool, own, look: groupLook(own), wanted: search === '' ? null : own.filter(isWanted) };
  });
  const found = areMany
    ? looks.filter(({ wanted }) => wanted?.length !== 0).sort((a, b) => Number(isQuiet(a.look)) - Number(isQuiet(b.look)))
    : looks;
  return (
    <Panel id="pools" title="Pools" aside={<span class="count">{`${serving} of ${members.length} members serving`}</span>}>
      {areMany && <Find label="Find members: by name, pool, site or address" text={search} onText={setSearch} />}
      {found.slice(0, most).map(({ pool, own, look, wanted }) => (
        <PoolTable key={pool.id} {...{ pool, look, wanted, selected }} members={own} isCrowded={areMany} />
      ))}
      {found.length === 0 && <p class="empty">No member is named so.</p>}
      <More hidden={found.length - most} what="more pools" onMore={showMore} />
    </Panel>
  );
});

interface PoolProps {
  readonly pool: Pool;
  readonly members: readonly Member[];
  readonly look: Look;
  /** Those that were searched for; null = nothing was. */
  readonly wanted: readonly Member[] | null;
  readonly selected: string | null;
  /** There are many pools, or many members in them. */
  readonly isCrowded: boolean;
}

function PoolTable({ pool, members, look, wanted, selected, isCrowded }: PoolProps) {
  const [most, showMore] = useShown(FEW_LINES);
  const isShort = members.length <= MOST_LINES && !isCrowded;
  const ofNote = (member: Member): boolean => member.site === selected || !isQuiet(memberLook(member));
  const sorted = isShort || wanted !== null ? (wanted ?? members) : ofNoteFirst(members, ofNote);
  const noted = isShort || wanted !== null ? sorted.length : members.filter(ofNote).length;
  const told = isShort ? sorted : sorted.slice(0, most > FEW_LINES ? most : Math.min(noted, FEW_LINES));
  const hidden = sorted.length - told.length;
  return (
    <div class="pool" data-pool={pool.id}>
      <h3>
        <Sign {...look} /> {pool.id}
        <span class="quiet">
          {pool.serving} of {pool.members} serving; {observersText(pool, members)}
        </span>
      </h3>
      {told.length > 0 && <MemberTable members={told} selected={selected} />}
      <More hidden={hidden} what={noted > told.length ? 'more' : 'more are as they should be'} onMore={showMore} />
    </div>
  );
}

const ofNoteFirst = (members: readonly Member[], ofNote: (member: Member) => boolean): readonly Member[] => [
  ...members.filter(ofNote),
  ...members.filter((member) => !ofNote(member)),
];

function MemberTable({ members, selected }: { readonly members: readonly Member[]; readonly selected: string | null }) {
  return (
    <table class="members">
      <colgroup>
        <col class="col-member" />
        <col class="col-state" />
        <col />
        <col class="col-since" />
        <col class="col-site" />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">Traffic follows</th>
          <th scope="col">Seen</th>
          <th scope="col">For</th>
          <th scope="col">Site</th>
        </tr>
      </thead>
      <tbody>
        {members.map((member) => (
          <MemberRow key={member.id} member={member} isSelected={member.site === selected} />
        ))}
      </tbody>
    </table>
  );
}

/** Who looks at a pool, and how old what they saw is. */
function observersText({ probe }: Pool, members: readonly Member[]): string {
  if (probe === null) return 'nobody checks it';
  const votes = members.flatMap(({ families }) => families.flatMap((family) => family.votes));
  if (votes.length === 0) return 'no fresh votes';
  const probers = [...new Set(votes.map(({ prober }) => prober))].sort().map((id) => shortText(id, LONGEST_PROBER));
  return `seen by ${listText(probers, 4)}, the oldest look ${roundLengthText(Math.max(...votes.map(({ ageMs }) => ageMs)))} ago`;
}

function MemberRow({ member, isSelected }: { readonly member: Member; readonly isSelected: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const look = memberLook(member);
  const seen = seenOf(member);
  const detailId = `votes-${member.id.replaceAll(/[^\w-]/g, '-')}`;
  return (
    <>
      <tr class={`${isSelected ? 'is-selected' : ''} ${isQuiet(look) ? '' : `row-${look.tone}`}`} data-member={member.id}>
        <th scope="row">
          <button
            type="button"
            class="name fold"
            aria-expanded={isOpen}
            aria-controls={detailId}
            onClick={() => setOpen(!isOpen)}
          >
            {member.id.slice(member.pool.length + 1)}
          </button>
        </th>
        <td class="state">
          <Sign {...look} /> {look.text}
        </td>
        <td class={`seen ${seen.isPlain ? 'is-plain' : ''}`}>
          {seen.text}
          {seen.why !== '' && <span class="why">{seen.why}</span>}
        </td>
        <td class="since">{seen.forMs === null ? '' : roundLengthText(seen.forMs)}</td>
        <td class="site">{member.site}</td>
      </tr>
      {isOpen && (
        <tr class="detail" id={detailId}>
          <td colSpan={5} class="detail-cell">
            <MemberDetail member={member} />
          </td>
        </tr>
      )}
    </>
  );
}

interface Seen {
  readonly text: string;
  readonly why: string;
  readonly forMs: number | null;
  /** It says the same as the state. */
  readonly isPlain: boolean;
}

/** Of the family of which most is to be said. */
function seenOf({ families, order }: Member): Seen {
  const telling = families.find(({ seen }) => seen === 'down') ?? families.find(({ seen }) => seen === 'unknown') ?? families[0];
  if (telling === undefined) return { text: '', why: '', forMs: null, isPlain: true };
  const isDoubted = telling.seen === 'down' || telling.seen === 'unknown' || telling.votes.some(({ isUp }) => !isUp);
  const isPlain = order === null && !isDoubted;
  return { text: seenText(telling), why: isDoubted ? (telling.seenWhy ?? '') : '', forMs: telling.seenForMs, isPlain };
}

function MemberDetail({ member }: { readonly member: Member }) {
  const { addresses, alias, weight, order, families } = member;
  return (
    <div class="member-detail">
      <p>
        {alias ?? listText(addresses, 8)}; weight {weight}
      </p>
      {order !== null && (
        <p>
          Ordered by {order.author}: {order.reason}
        </p>
      )}
      {families.map(({ family, reason, votes }) => (
        <div key={family}>
          <p>
            <b>IPv{family}</b> {reason}
          </p>
          <ul class="votes">
            {votes.map((vote) => (
              <li key={vote.prober}>
                <Sign sign={vote.isUp ? 'up' : 'down'} tone={vote.isUp ? 'good' : 'bad'} />
                {vote.prober} ({vote.region}) sees it {vote.isUp ? 'up' : 'down'} for {lengthText(vote.sinceMs)}: {vote.detail},{' '}
                {(vote.latencyUs / 1000).toFixed(1)} ms, {lengthText(vote.ageMs)} ago
              </li>
            ))}
            {votes.length === 0 && <li>no fresh votes</li>}
          </ul>
        </div>
      ))}
    </div>
  );
}
