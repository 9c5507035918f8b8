// Zones made at random for the comparison with other servers (npm run fuzz:zones): few labels and short, so that wildcards, empty
// non-terminals, aliases of both kinds, cuts and what they hide meet one another all the time. Every zone is one that all of the
// servers load: what Meridian's own check refuses is left out line by line, and nothing stands below a DNAME, no DNAME or NS at a
// wildcard, no DS without NS.

import { err } from '../../src/base/result.ts';
import { checkZone } from '../../src/zone/check.ts';
import { parseZone } from '../../src/zone/parser.ts';
import type { Random } from './random.ts';
import { wireName } from './zone-text.ts';

const LABELS = ['a', 'b', 'c', 'A', '*', 'x', 'ns', '_t', 'a\\.b', 'xx', '\\000', 'Xx'];
const MOST_LABELS = 4;
const LEAST_OWNERS = 25;
const MORE_OWNERS = 30;
const HEAD = ['@ SOA ns0 host 1 3600 600 86400 60', '@ NS ns0', '@ NS ns.out.test.', 'ns0 A 192.0.2.1'];
const DIGEST = 'E2D3C916F6DEEAC73294E8268FB5885044A833FC5459588F4A9184CFC41A5766';

/** Text of a zone that passes the check. `others`: origins of the zones beside it, which aliases may lead into. */
export function randomZone(origin: string, others: readonly string[], random: Random): string {
  let lines = [...HEAD, ...randomRecords(others, random)];
  for (;;) {
    const text = `$TTL 300\n${lines.join('\n')}\n`;
    const wrong = wrongLines(origin, text);
    if (wrong.size === 0) return text;
    // The first line of the text is the TTL.
    lines = lines.filter((_, i) => !wrong.has(i + 2));
  }
}

/** Numbers of the lines, from one, that an error names; a DS whose NS is gone goes too. */
function wrongLines(origin: string, text: string): ReadonlySet<number> {
  const input = {
    origin: wireName(`${origin}.`),
    file: origin,
    text: new TextEncoder().encode(text),
    readInclude: () => err('none'),
  };
  const { records, problems } = parseZone(input);
  const wrong = new Set(
    [...problems, ...checkZone(records)].filter(({ severity }) => severity === 'error').map(({ line }) => line!),
  );
  const kept = text.split('\n').map((line, i) => (wrong.has(i + 1) ? [] : line.split(' ')));
  const cuts = new Set(kept.filter(([, type]) => type === 'NS').map(([owner]) => owner!.toLowerCase()));
  for (const [i, [owner, type]] of kept.entries()) if (type === 'DS' && !cuts.has(owner!.toLowerCase())) wrong.add(i + 1);
  return wrong;
}

function randomRecords(others: readonly string[], random: Random): string[] {
  const owners = Array.from({ length: LEAST_OWNERS + random.below(MORE_OWNERS) }, () => randomName(random));
  const chance = (percent: number): boolean => random.below(100) < percent;
  const target = (): string => {
    const kind = random.below(100);
    if (kind < 60) return random.pick(owners);
    if (kind < 70) return randomName(random);
    if (kind < 80) return '@';
    return `${randomName(random)}.${kind < 95 ? random.pick(others) : 'out.test'}.`;
  };
  const renamed = new Set(owners.filter((owner) => chance(8) && !isWild(owner)).map((owner) => owner.toLowerCase()));
  const seen = new Set<string>();
  return owners.flatMap((owner) => {
    const key = owner.toLowerCase();
    if (seen.has(key) || ancestors(key).some((name) => renamed.has(name))) return [];
    seen.add(key);
    if (renamed.has(key)) return [`${owner} DNAME ${target()}`, ...(chance(50) ? [`${owner} TXT "beside a DNAME"`] : [])];
    if (chance(25)) return [`${owner} CNAME ${target()}`];
    return chance(16) && !isWild(owner) ? cut(owner, target, random) : data(owner, target, random);
  });
}

/** A delegation, with glue or hosts elsewhere, signed or not, and with data that it hides. */
function cut(owner: string, target: () => string, random: Random): string[] {
  const lines = new Set<string>();
  for (let servers = 1 + random.below(3); servers > 0; servers--) {
    const host = random.below(2) === 0 ? `${random.pick(['ns', 'a', 'b'])}.${owner}` : target();
    lines.add(`${owner} NS ${host}`);
    if (host.endsWith(`.${owner}`)) lines.add(`${host} ${random.below(2) === 0 ? 'A 192.0.2.2' : 'AAAA 2001:db8::2'}`);
  }
  if (random.below(3) === 0) lines.add(`${owner} DS 1 8 2 ${DIGEST}`);
  if (random.below(3) === 0) lines.add(`${owner} A 192.0.2.3`);
  return [...lines];
}

function data(owner: string, target: () => string, random: Random): string[] {
  const makers = [
    () => `A 192.0.2.${random.below(256)}`,
    () => `AAAA 2001:db8::${random.below(100)}`,
    () => `TXT "${'t'.repeat(random.below(256))}" "z"`,
    () => `MX ${random.below(3)} ${target()}`,
    () => `SRV 1 2 3 ${target()}`,
    () => `PTR ${target()}`,
    () => 'HINFO "c" "o"',
    () => 'CAA 0 issue "ca.test"',
    () => 'TYPE65280 \\# 2 abcd',
  ];
  // Now and then more than a datagram takes.
  const records = random.below(12) === 0 ? 90 : 1 + random.below(3);
  return [...new Set(Array.from({ length: records }, () => `${owner} ${random.pick(makers)()}`))];
}

/** A name of the same few labels, below an origin or with the origin left out. */
export const randomName = (random: Random): string =>
  Array.from({ length: 1 + random.below(MOST_LABELS) }, () => random.pick(LABELS)).join('.');

const labelsOf = (name: string): string[] => name.split(/(?<!\\)\./);
const isWild = (name: string): boolean => labelsOf(name).includes('*');

/** Names above `name` inside the zone. */
function ancestors(name: string): string[] {
  const labels = labelsOf(name);
  return labels.slice(1).map((_, i) => labels.slice(i + 1).join('.'));
}
