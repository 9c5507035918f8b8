// Pools and their members: what traffic follows beside what is seen, by whom, and how old that is.

import { useState } from 'preact/hooks';
import type { Member, Pool } from '../../../src/admin/schemas/world.ts';
import { Panel } from '../parts/panel.tsx';
import { Sign } from '../parts/sign.tsx';
import { groupLook, isQuiet, memberLook, membersOf, seenText } from '../state.ts';
import { lengthText, listText, roundLengthText } from '../text.ts';

interface Props {
  readonly pools: readonly Pool[];
  readonly members: readonly Member[];
  readonly selected: string | null;
}

/** Beyond so many members of a pool, those of which nothing is to be said are counted only, until they are asked for. */
const MOST_LINES = 24;

export function Pools({ pools, members, selected }: Props) {
  const serving = members.filter(({ isServing }) => isServing).length;
  return (
    <Panel id="pools" title="Pools" aside={<span class="count">{`${serving} of ${members.length} members serving`}</span>}>
      {pools.map((pool) => (
        <PoolTable key={pool.id} pool={pool} members={membersOf(pool, members, 'pool')} selected={selected} />
      ))}
    </Panel>
  );
}

interface PoolProps {
  readonly pool: Pool;
  readonly members: readonly Member[];
  readonly selected: string | null;
}

function PoolTable({ pool, members, selected }: PoolProps) {
  const [isWhole, setWhole] = useState(false);
  const told = members.length <= MOST_LINES || isWhole ? members : members.filter((member) => !isQuiet(memberLook(member)));
  const hidden = members.length - told.length;
  return (
    <div class="pool" data-pool={pool.id}>
      <h3>
        <Sign {...groupLook(members)} /> {pool.id}
        <span class="quiet">
          {pool.serving} of {pool.members} serving; {observersText(pool, members)}
        </span>
      </h3>
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
          {told.map((member) => (
            <MemberRow key={member.id} member={member} isSelected={member.site === selected} />
          ))}
        </tbody>
      </table>
      {hidden > 0 && (
        <button type="button" class="more" onClick={() => setWhole(true)}>
          {hidden} more are as they should be
        </button>
      )}
    </div>
  );
}

/** Who looks at a pool, and how old what they saw is. */
function observersText({ probe }: Pool, members: readonly Member[]): string {
  if (probe === null) return 'nobody checks it';
  const votes = members.flatMap(({ families }) => families.flatMap((family) => family.votes));
  if (votes.length === 0) return 'no fresh votes';
  const probers = [...new Set(votes.map(({ prober }) => prober))].sort();
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
