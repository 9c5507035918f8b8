// The page: everything that is live in two columns, one on a phone, and the dialogs over it.

import { useCallback, useMemo, useState } from 'preact/hooks';
import { type Family, fetchPlaces, type World } from './data/api.ts';
import { isStale, type Live, type LiveState } from './data/live.ts';
import { useFetched, useLive, useNow } from './hooks.ts';
import { siteColours } from './map/site-colour.ts';
import { groupsOf } from './state.ts';
import { timeText } from './text.ts';
import { Answers } from './views/answers.tsx';
import { Attention } from './views/attention.tsx';
import { ChangeDialog } from './views/change-dialog.tsx';
import { Explain } from './views/explain.tsx';
import { Masthead } from './views/masthead.tsx';
import { Objectives } from './views/objectives.tsx';
import { Orders } from './views/orders.tsx';
import { Pools } from './views/pools.tsx';
import { SiteList, type Wish } from './views/site-list.tsx';
import { Timeline } from './views/timeline.tsx';
import { TokenForm } from './views/token-form.tsx';
import { WorldMap } from './views/world-map.tsx';

export function App({ live }: { readonly live: Live }) {
  const state = useLive(live);
  const { world, needsToken, trouble } = state;
  if (needsToken) return <TokenForm refusal={trouble?.message ?? ''} onToken={() => live.start()} />;
  if (world === null) {
    return (
      <main class="door">
        <p role="status">{trouble === null ? 'Looking ...' : `Trying again: ${trouble.message}`}</p>
      </main>
    );
  }
  return <Page live={live} state={state} world={world} />;
}

interface PageProps {
  readonly live: Live;
  readonly state: LiveState;
  readonly world: World;
}

function Page({ live, state, world }: PageProps) {
  const nowMs = useNow();
  const { status, sites, pools, members, orders, policies, objectives } = world;
  const { session, stream, events, samples, fetchedAtMs, trouble, revision } = state;
  const [selected, setSelected] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [family, setFamily] = useState<Family>(4);
  const [wish, setWish] = useState<Wish | null>(null);
  const policy = policies.some(({ id }) => id === chosen) ? chosen! : (policies[0]?.id ?? '');
  const [trial, setTrial] = useState<readonly string[] | null>(null);
  const off = (trial ?? []).filter((site) => sites.some(({ id }) => id === site));
  const places = useFetched(
    () => (policy === '' ? null : fetchPlaces(policy, family, off)),
    [policy, family, revision, off.join('\n')],
  );
  const siteIds = sites.map(({ id }) => id).join('\n');
  const colours = useMemo(() => siteColours(sites), [siteIds]);
  const bySite = useMemo(() => groupsOf(members, 'site'), [members]);
  const byPool = useMemo(() => groupsOf(members, 'pool'), [members]);
  const stale = isStale(state, nowMs);
  const mayChange = session !== null && session.role !== 'viewer' && !stale;
  const select = useCallback((site: string): void => setSelected((now) => (site === now ? null : site)), []);
  const turn = useCallback(
    (site: string): void =>
      setTrial((now) => (now === null ? now : now.includes(site) ? now.filter((other) => other !== site) : [...now, site])),
    [],
  );
  const ask = useCallback((isOn: boolean): void => setTrial(isOn ? [] : null), []);
  return (
    <>
      <Masthead status={status} session={session} stream={stream} isStale={stale} />
      <div role="alert">
        {stale && (
          <p class="banner">
            {`Connection lost${trouble === null ? '' : `: ${trouble.message}`}. What you see is from ${timeText(fetchedAtMs, nowMs)}; the server may well be answering. Trying again.`}
          </p>
        )}
      </div>
      <main class={`page ${stale ? 'is-stale' : ''}`}>
        <Attention world={world} asOf={stale ? timeText(fetchedAtMs, nowMs) : null} />
        <div class="column column-wide">
          <WorldMap
            {...{ sites, bySite, policies, policy, family, places, colours, selected, mayChange }}
            trial={mayChange ? trial : null}
            onTrial={ask}
            onTurn={turn}
            onPolicy={setChosen}
            onFamily={setFamily}
            onSelect={select}
          />
          <Pools {...{ pools, members, byPool, selected }} />
          <Explain />
        </div>
        <div class="column column-narrow">
          <SiteList {...{ sites, bySite, orders, places, colours, selected, mayChange }} onSelect={select} onWish={setWish} />
          <Orders orders={orders} nowMs={nowMs} mayChange={mayChange} onWish={setWish} />
          <Answers samples={samples} sites={sites} colours={colours} />
          <Objectives objectives={objectives} />
          <Timeline events={events} nowMs={nowMs} />
        </div>
      </main>
      <footer class="foot">
        <p>
          <a href="https://db-ip.com" rel="noreferrer">
            IP Geolocation by DB-IP
          </a>
          . Map: made with Natural Earth, borders as drawn there. <a href="/licences.md">Licences</a>.
        </p>
      </footer>
      {wish !== null && (
        <ChangeDialog
          wish={wish}
          session={session}
          members={wish.kind === 'drain' ? membersAt(wish.what, world) : wish.order.members}
          onClose={() => setWish(null)}
          onDone={() => {
            setWish(null);
            void live.look();
          }}
        />
      )}
    </>
  );
}

/** Of `site:ID`. */
const membersAt = (what: string, { members }: World): readonly string[] =>
  members.filter(({ site }) => what === `site:${site}`).map(({ id }) => id);
