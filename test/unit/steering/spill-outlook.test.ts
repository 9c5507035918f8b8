// What a running server tells of its spill: from the state alone, so that a server that took over the step of another tells the same.

import test from 'ava';
import { EVERYTHING_UP } from '../../../src/model/health.ts';
import { DemandKeys } from '../../../src/steering/demand-keys.ts';
import { explainSpill } from '../../../src/steering/spill-explain.ts';
import { outlookOf } from '../../../src/steering/spill-outlook.ts';
import { spillReasons } from '../../../src/steering/spill-reasons.ts';
import { decodeSpill, encodeSpill } from '../../../src/steering/spill-record.ts';
import { recordOf, stateFrom } from '../../../src/steering/spill-state.ts';
import { whatIfWithout } from '../../../src/steering/spill-whatif.ts';
import { clientsAt, SpillWorld, withCapacity } from '../../support/spill.ts';
import { modelOf, nearest, siteIndex } from '../../support/steering.ts';

const WEB = [{ site: 'london' }, { site: 'frankfurt' }, { site: 'newyork' }] as const;
const POLICY = { root: nearest(0), spill: { priority: 5, maxExtraKm: 20_100 } };
const MODEL = withCapacity(modelOf({ web: WEB }, { www: POLICY }), { london: 100, frankfurt: 100, newyork: 500 });
const world = (): SpillWorld => new SpillWorld(MODEL, [clientsAt('london', 'GB'), clientsAt('frankfurt', 'DE')]);
const noReports = (one: SpillWorld) => one.model.sites.map(() => null);

test('the outlook of a state that travelled as text is that of the step that made it', (t) => {
  const one = world();
  one.step([60, 20], { london: 150, frankfurt: 20, newyork: 0 });
  const outcome = one.step([60, 20], { london: 150, frankfurt: 20, newyork: 0 }, 2);
  const record = decodeSpill(encodeSpill(recordOf(outcome.state)))!;
  const outlook = outlookOf(stateFrom(one.map, record, one.nowMs), noReports(one));
  t.deepEqual(
    spillReasons(outlook).map(({ site, moves }) => [site, moves[0]!.to, moves[0]!.percent.toFixed(1)]),
    spillReasons(outcome).map(({ site, moves }) => [site, moves[0]!.to, moves[0]!.percent.toFixed(1)]),
  );
  for (const [item, demand] of outcome.demand.entries()) t.true(Math.abs(outlook.demand[item]! - demand) < 1e-6 * demand + 1e-9);
});

test('a record that nobody could have made is not taken', (t) => {
  const one = world();
  const { state } = one.step([60, 20], { london: 150 });
  const text = encodeSpill(recordOf(state));
  t.truthy(decodeSpill(text));
  const bad = [
    '',
    'null',
    '[]',
    '{}',
    text.replace(/"queries":[0-9.e-]+/, '"queries":-1'),
    text.replace(/"waver":[0-9.e-]+/, '"waver":-1'),
    text.replace(/"slots":\{/, '"slots":{"x":[1,2],'),
  ];
  for (const one of [...bad, text.replace(/"loadPerQuery":[0-9.e-]+/, '"loadPerQuery":null'), text.slice(0, -1)]) {
    t.is(decodeSpill(one), undefined, one.slice(0, 60));
  }
});

test('an explanation tells demand, headroom, what is sent where and since when', (t) => {
  const one = world();
  const { state } = one.step([60, 20], { london: 150, frankfurt: 20 });
  const [spill, ...more] = explainSpill(outlookOf(state, noReports(one)), 0, one.classOf(0));
  t.is(more.length, 0);
  t.is(Math.round(spill!.demand), 150);
  t.is(spill!.sinceMs, one.nowMs);
  const [london, frankfurt] = spill!.shares;
  t.like(london, { site: 'london', naturalPercent: 100, target: 100, headroom: 0 });
  t.true(Math.abs(london!.percent - 66.7) < 1, `${london!.percent}`);
  t.is(frankfurt!.site, 'frankfurt');
  t.true(frankfurt!.extraKm > 100);
  t.true(Math.abs(frankfurt!.headroom! - 30) < 1, `${frankfurt!.headroom}`);
  t.regex(spill!.why[0]!, /^london over target by 50 %: 33 % of GB .* to frankfurt/);
});

test('without a site its load goes to the nearest with room, and nothing is lost', (t) => {
  const one = world();
  const { state } = one.step([60, 20], { london: 90, frankfurt: 30, newyork: 0 });
  const queries = [new Float64Array(one.table.decided[0]!.length)];
  queries[0]![one.classOf(0)] = 60;
  queries[0]![one.classOf(1)] = 20;
  const whatIf = whatIfWithout(one.atlas, EVERYTHING_UP, outlookOf(state, noReports(one)), queries, siteIndex('london'));
  const after = Object.fromEntries(whatIf.sites.map(({ site, after }) => [site, Math.round(after)]));
  t.is(after['london'], 0);
  t.is(after['frankfurt'], 100, 'filled to its target');
  t.is(after['newyork'], 20);
  t.is(whatIf.stranded, 0);
  t.like(whatIf.moves[0], { from: 'london', to: 'frankfurt', policy: 'www' });
});

test('demand by name is understood by a server that numbers its classes otherwise', (t) => {
  const one = world();
  const other = new SpillWorld(one.model, [clientsAt('frankfurt', 'DE'), clientsAt('london', 'GB')]);
  const counts = new Float64Array(one.table.decided[0]!.length);
  counts[one.classOf(0)] = 30;
  const queries = new DemandKeys(one.model, one.table, one.atlas).name(counts, 2);
  const report = { server: 'x', epoch: 1, seq: 1, queries };
  const summed = new DemandKeys(other.model, other.table, other.atlas).sum([report, { ...report, server: 'y' }]);
  t.is(summed[0]![other.classOf(1)], 30);
  t.is(
    summed[0]!.reduce((sum, value) => sum + value, 0),
    30,
  );
});
