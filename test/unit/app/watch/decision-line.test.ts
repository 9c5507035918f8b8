// What is told of one answer: the demo's configuration, its images, a real responder and real copies.

import test from 'ava';
import { imagesOf } from '../../../../src/app/answering/image-feed.ts';
import { load } from '../../../../src/app/loading/load.ts';
import type { Answering } from '../../../../src/app/process/running.ts';
import { type DecisionLine, decisionLine } from '../../../../src/app/watch/decision-line.ts';
import { GeoImage } from '../../../../src/geo/lookup.ts';
import { HealthBook } from '../../../../src/health/book.ts';
import { VoteTable } from '../../../../src/health/votes.ts';
import { Counters, countersSize } from '../../../../src/metrics/counters.ts';
import type { DecisionSettings } from '../../../../src/model/decisions.ts';
import { DEFAULT_HEALTH } from '../../../../src/model/health.ts';
import type { Override } from '../../../../src/model/verdict.ts';
import { Responder } from '../../../../src/responder/responder.ts';
import { Tap } from '../../../../src/responder/tap.ts';
import { type Tapped, TapRing, tapRingSize } from '../../../../src/responder/tap-ring.ts';
import { SteeringImage } from '../../../../src/steering/image.ts';
import { ZoneImage } from '../../../../src/zone/image.ts';
import { ROOT } from '../../../support/paths.ts';
import { ecs, queryOctets } from '../../../support/query-octets.ts';
import { clientOf, type From } from '../../../support/responder.ts';

const loaded = load(`${ROOT}zones/meridian.yaml`).loaded!;
const { steering: model, decisions } = loaded.snapshot;
const NOW_MS = 1_800_000_000_000;
const SETTINGS: DecisionSettings = { ...decisions, log: { kind: 'stdout' } };
/** Of an exchange in the United Kingdom, as the bundled database says. */
const BRITISH = [81, 2, 69, 142];

function order(glob: string, action: Override['action']): Override {
  const by = { source: 'human', reason: 'a test', author: 'ann', createdMs: 1, expiresMs: null } as const;
  return { id: glob, glob, action, ...by };
}

/** A server under these orders, drained at once. */
function answering(...orders: readonly Override[]): Answering {
  const book = new HealthBook(model, [], { ...DEFAULT_HEALTH, drainMs: 0 }, new VoteTable(), null);
  book.setOverrides(orders);
  const facts = book.conclude(NOW_MS);
  return { loaded, images: imagesOf(loaded, 1, facts), facts, limits: undefined, lagMs: 0 };
}

/** The copy of one answer of that server. */
function tap({ images }: Answering, name: string, subnet: readonly number[] | null, from: From = {}): Tapped {
  const memory = new SharedArrayBuffer(tapRingSize(1232));
  const responder = new Responder({
    udpPayloadSize: 1232,
    counters: new Counters(new SharedArrayBuffer(countersSize(1))).row(0),
  });
  responder.install({
    zones: images.zones.map((buffer) => new ZoneImage(buffer)),
    geo: new GeoImage(images.geo),
    steering: new SteeringImage(images.steering),
  });
  responder.useTap(new Tap({ ring: memory, oneIn: [1, ...model.policies.map(() => 1)], perSecond: 10 }));
  const options = subnet === null ? [] : [ecs(1, 8 * subnet.length, subnet)];
  const query = queryOctets({ name, type: 'A', opt: { udpPayloadSize: 1232, options } });
  responder.respond(query, 0, query.length, clientOf(from), new Uint8Array(4096), 0);
  return new TapRing(memory).read()!;
}

function line(tapped: Tapped, at: Answering, settings = SETTINGS): DecisionLine {
  const made = decisionLine(tapped, { id: 'x-1', server: 'ns1', wallMs: NOW_MS, answering: at, settings });
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

const asked = (at: Answering, name: string, subnet: readonly number[] | null = BRITISH): DecisionLine =>
  line(tap(at, name, subnet), at);

test('a line tells who asked, where that is, what was answered and why', (t) => {
  const at = answering();
  const told = line(tap(at, 'WWW.example.test.', BRITISH, { address: '198.51.100.53' }), at);
  t.deepEqual(told, {
    id: 'x-1',
    at: new Date(NOW_MS).toISOString(),
    server: 'ns1',
    client: '198.51.100.0/24',
    transport: 'udp',
    subnet: '81.2.69.0/24',
    name: 'WWW.example.test.',
    type: 'A',
    by: 'subnet',
    place: { country: 'GB', subdivision: null, continent: 'EU', asn: null, tag: null },
    sources: told.sources,
    zone: 'example.test.',
    policy: 'www-policy',
    rcode: 'NOERROR',
    members: ['web/london'],
    sites: ['london'],
    reason: 'nearest',
    why: 'up, not checked',
    ttlSec: 30,
    scopePrefixLen: told.scopePrefixLen,
  });
  t.is(told.sources.length, 1);
  t.true(told.scopePrefixLen! > 0);
});

test('as much of addresses is told as the configuration allows, and no more than the query has', (t) => {
  const at = answering();
  const four = tap(at, 'www.example.test.', BRITISH.slice(0, 2), { address: '198.51.100.53' });
  t.like(line(four, at, { ...SETTINGS, v4Bits: 32 }), { client: '198.51.100.53/32', subnet: '81.2.0.0/16' });
  t.like(line(four, at, { ...SETTINGS, v4Bits: 0 }), { client: '0.0.0.0/0', subnet: '0.0.0.0/0' });
  const six = tap(at, 'www.example.test.', null, { address: '2001:db8:1:2::3' });
  t.like(line(six, at), { client: '2001:db8:1::/48', subnet: null, by: 'resolver' });
});

test('a private subnet that nothing places is told, but the resolver decides', (t) => {
  const told = asked(answering(), 'www.example.test.', [192, 168, 7, 1]);
  t.like(told, { subnet: '192.168.7.0/24', by: 'resolver' });
});

test('the reason is forced where an order has taken out who would be nearer', (t) => {
  const told = asked(answering(order('site:london', 'drain')), 'www.example.test.');
  t.not(told.sites[0], 'london');
  t.is(told.reason, 'forced');
});

test('and where an order holds up who is answered', (t) => {
  t.like(asked(answering(order('site:london', 'up')), 'www.example.test.'), { sites: ['london'], reason: 'forced' });
});

test('a map, several members, an alias and the last resort have reasons of their own', (t) => {
  const at = answering();
  t.is(asked(at, 'api.example.test.').reason, 'map');
  t.like(asked(at, 'apex.apps.example.test.'), { policy: 'www-policy', reason: 'nearest' });
  const apex = asked(at, 'example.test.');
  t.is(apex.sites.length, 2);
  t.like(asked(at, 'cdn.example.test.'), { reason: 'pool', policy: 'cdn-policy' });
  t.is(asked(at, 'sticky.example.test.').reason, 'pool');
  const none = answering(order('*', 'down'));
  t.is(asked(none, 'www.example.test.').reason, 'serve-all');
  t.like(asked(none, 'static.example.test.'), { reason: 'nodata', members: [], ttlSec: null });
  t.like(asked(none, 'intranet.example.test.'), { reason: 'servfail', rcode: 'SERVFAIL' });
  t.is(asked(none, 'cdn.example.test.').reason, 'fallback');
});

test('what no policy decides is told with its zone and rcode', (t) => {
  const at = answering();
  t.like(asked(at, 'mail.example.test.', null), {
    policy: null,
    reason: 'static',
    rcode: 'NOERROR',
    zone: 'example.test.',
    ttlSec: 3600,
  });
  t.like(asked(at, 'nothing.example.test.', null), { rcode: 'NXDOMAIN', members: [] });
  t.like(asked(at, 'example.org.', null), { rcode: 'REFUSED', zone: null });
});

test('an answer that would be another one by now says so', (t) => {
  const tapped = tap(answering(), 'www.example.test.', BRITISH);
  const told = line(tapped, answering(order('site:london', 'drain')));
  t.like(told, { sites: ['london'], reason: 'changed' });
});

test('a damaged copy is a problem, not a line', (t) => {
  const at = answering();
  const tapped = { ...tap(at, 'www.example.test.', BRITISH), reply: Uint8Array.of(1, 2) };
  const made = decisionLine(tapped, { id: 'x', server: 'ns1', wallMs: NOW_MS, answering: at, settings: SETTINGS });
  t.false(made.ok);
});
