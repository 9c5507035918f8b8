import test from 'ava';
import fc from 'fast-check';
import { decodeBook } from '../../../src/mesh/book.ts';
import { checkOverride, OVERRIDES } from '../../../src/mesh/override-record.ts';
import { decodePeer, encodePeer } from '../../../src/mesh/peer-record.ts';
import { decodeVerdict, decodeVerdicts, encodeVerdict, encodeVerdicts } from '../../../src/mesh/verdict-record.ts';
import { decodeHead, decodeVote, encodeHead, encodeVote } from '../../../src/mesh/vote-record.ts';
import type { Vote } from '../../../src/model/verdict.ts';
import { override, peer, verdict } from '../../support/mesh.ts';

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const head = { prober: 'p', region: 'eu', epoch: 7, withdrawn: 3, write: 9 };
const vote = fc.record({
  target: fc.string({ minLength: 1, maxLength: 100 }).filter((text) => text !== '@'),
  prober: fc.constant('p'),
  region: fc.constant('eu'),
  epoch: fc.constant(7),
  seq: count,
  isUp: fc.boolean(),
  sinceMs: count,
  atMs: count,
  expiresMs: count,
  outcome: fc.constantFrom(0, 1, 9, 64),
  latencyUs: count,
  detail: fc.string({ maxLength: 200 }),
  against: count,
  needed: count,
}) as fc.Arbitrary<Vote>;

test('a vote comes back as it was', (t) => {
  fc.assert(fc.property(vote, (one) => void t.deepEqual(decodeVote(head, one.target, encodeVote(one)), one)));
  t.deepEqual(decodeHead('p', encodeHead(head)), head);
});

test('a peer and a verdict come back as they were', (t) => {
  const one = peer('p', { region: '', roles: [], weight: 65_535, isWithdrawn: true });
  t.deepEqual(decodePeer('p', encodePeer(one)), one);
  const said = verdict('x#4', { state: 'unknown', isUp: false, why: '"\n\u2028' });
  t.deepEqual(decodeVerdict('x#4', encodeVerdict(said)), said);
  t.deepEqual(decodeVerdicts(encodeVerdicts([said])), [said]);
});

const decoders: Readonly<Record<string, (text: unknown) => unknown>> = {
  peer: (text) => decodePeer('p', text),
  head: (text) => decodeHead('p', text),
  vote: (text) => decodeVote(head, 'x#4', text),
  verdict: (text) => decodeVerdict('x#4', text),
  book: (text) => decodeBook(text, OVERRIDES),
};

const good: Readonly<Record<string, string>> = {
  peer: encodePeer(peer('p')),
  head: encodeHead(head),
  vote: '[1,5,1,1,1,9,0,0,0,3,""]',
  verdict: '[1,"up",1,5,"fine"]',
  book: JSON.stringify({
    v: 1,
    version: 2,
    mark: 'a'.repeat(16),
    history: [[1, 'b'.repeat(16)]],
    overrides: [[1, override('1')]],
  }),
};

/** Every value inside a JSON value replaced, one at a time, by something else. */
function* mutations(value: unknown): Generator<unknown> {
  for (const other of [null, -1, 0.5, 'text', {}, [], true, 1e300, 'x'.repeat(100_000)]) yield other;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    for (const other of mutations(inner)) {
      const copy = structuredClone(value) as Record<string, unknown>;
      copy[key] = other;
      yield copy;
    }
    if (Array.isArray(value)) yield value.slice(0, -1);
    else yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  }
  yield Array.isArray(value) ? [...value, 1] : { ...value, more: 1 };
}

for (const [kind, decode] of Object.entries(decoders)) {
  test(`a ${kind} is understood, one of another version is not`, (t) => {
    const text = good[kind]!;
    t.not(decode(text), undefined);
    const other = Array.isArray(JSON.parse(text)) ? text.replace('[1', '[2') : text.replace('"v":1', '"v":2');
    t.is(decode(other), undefined);
  });

  test(`a ${kind} with anything altered is either refused or the same in type`, (t) => {
    const shape = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shape)
        : typeof value === 'object' && value !== null
          ? Object.keys(value).map((key) => [key, shape((value as Record<string, unknown>)[key])])
          : value === null
            ? 'null'
            : typeof value;
    const wanted = JSON.stringify(shape(decode(good[kind]!)));
    let refused = 0;
    for (const altered of mutations(JSON.parse(good[kind]!))) {
      const decoded = decode(JSON.stringify(altered));
      if (decoded === undefined) refused++;
      else {
        const hasLists = kind === 'book' || kind === 'peer'; // whose length may differ
        t.true(hasLists || JSON.stringify(shape(decoded)) === wanted, JSON.stringify(altered).slice(0, 200));
      }
    }
    t.true(refused > 20);
  });

  test(`nothing makes the decoder of a ${kind} throw`, (t) => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(null), fc.integer()), (text) => {
        decode(text);
      }),
    );
    t.is(decode('{"__proto__":{"v":1}}'), undefined);
    t.is(decode(undefined), undefined);
  });
}

test('an override with a field too many, too long or of another type is refused', (t) => {
  t.deepEqual(checkOverride(override('1')), override('1'));
  for (const bad of [{ expiresMs: -1 }, { source: 'robot' }, { id: '' }, { glob: 7 }, { reason: 'x'.repeat(2000) }]) {
    t.is(checkOverride({ ...override('1'), ...bad }), undefined, JSON.stringify(bad).slice(0, 40));
  }
});
