// Operator network maps: text files that say where networks are. One network a line, `CIDR key=value ...`, `#` starts a
// comment. Keys: country, continent, subdivision, lat with lon, asn, tag. All errors of a file are collected.

import { type Cidr, formatCidr, parseCidr } from '../base/address.ts';
import type { Problem } from '../base/errors.ts';
import { COUNTRIES } from './centroids.ts';
import { CONTINENTS, type Facts, MAX_ASN, NO_FACTS } from './facts.ts';
import { isEmbedded } from './networks.ts';

/** What a map says about a network; null where it is silent. */
export interface MapFacts extends Facts {
  readonly tag: string | null;
}

const SILENT: MapFacts = { ...NO_FACTS, tag: null };

interface NetworkMapEntry {
  readonly cidr: Cidr;
  readonly facts: MapFacts;
  readonly line: number;
}

export interface NetworkMap {
  readonly file: string;
  /** In the order of the file. */
  readonly entries: readonly NetworkMapEntry[];
}

type MutableFacts = { -readonly [K in keyof MapFacts]: MapFacts[K] };

/** Stores the value of one key; returns what is allowed if the value is not. */
const KEYS: Readonly<Record<string, (facts: MutableFacts, value: string) => string | undefined>> = {
  country(facts, value) {
    facts.country = value;
    return COUNTRIES.has(value) ? undefined : 'an ISO 3166-1 alpha-2 code in upper case, such as DE';
  },
  continent(facts, value) {
    facts.continent = value;
    return CONTINENTS.has(value) ? undefined : `one of ${[...CONTINENTS].join(' ')}`;
  },
  subdivision(facts, value) {
    facts.subdivision = value;
    const isCode = /^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(value) && COUNTRIES.has(value.slice(0, 2));
    return isCode ? undefined : 'an ISO 3166-2 code in upper case, such as US-CA';
  },
  lat(facts, value) {
    facts.latitude = Number(value);
    return isDegrees(value, 90) ? undefined : 'degrees from -90 to 90';
  },
  lon(facts, value) {
    facts.longitude = Number(value);
    return isDegrees(value, 180) ? undefined : 'degrees from -180 to 180';
  },
  asn(facts, value) {
    facts.asn = Number(value);
    return /^[1-9]\d{0,9}$/.test(value) && facts.asn <= MAX_ASN ? undefined : `a number from 1 to ${MAX_ASN}`;
  },
  tag(facts, value) {
    facts.tag = value;
    return /^[A-Za-z0-9_.-]{1,63}$/.test(value) ? undefined : 'a word of letters, digits, dots, dashes and underscores';
  },
};

const isDegrees = (value: string, limit: number): boolean =>
  /^-?\d{1,3}(\.\d{1,10})?$/.test(value) && Math.abs(Number(value)) <= limit;

/** Parses a whole map. Lines with an error give a problem (ERR_GEO_MAP) and no entry. */
export function parseNetworkMap(file: string, text: string): { map: NetworkMap; problems: Problem[] } {
  const entries: NetworkMapEntry[] = [];
  const problems: Problem[] = [];
  text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .forEach((content, index) => {
      const line = index + 1;
      const complain = (at: number, message: string): void => {
        problems.push({ severity: 'error', code: 'ERR_GEO_MAP', message, file, line, column: at + 1 });
      };
      const words = [...content.replace(/#.*/, '').matchAll(/\S+/g)];
      if (words.length === 0) return;
      const before = problems.length;
      const cidr = parseNetwork(words[0]!, complain);
      const facts = parseFacts(words, complain);
      if (cidr !== undefined && problems.length === before) entries.push({ cidr, facts, line });
    });
  return { map: { file, entries }, problems };
}

type Complain = (at: number, message: string) => void;

function parseNetwork(word: RegExpExecArray, complain: Complain): Cidr | undefined {
  const cidr = parseCidr(word[0]);
  if (cidr === undefined) {
    complain(word.index, `a network must be address/length without bits behind the length, found '${word[0]}'`);
  } else if (isEmbedded(cidr)) {
    complain(word.index, `IPv4 inside IPv6 is placed by its IPv4 network, give that instead of '${formatCidr(cidr)}'`);
  }
  return cidr;
}

function parseFacts(words: readonly RegExpExecArray[], complain: Complain): MapFacts {
  const facts: MutableFacts = { ...SILENT };
  const seen = new Set<string>();
  for (const word of words.slice(1)) {
    const equals = word[0].indexOf('=');
    const key = word[0].slice(0, Math.max(equals, 0));
    const value = word[0].slice(equals + 1);
    if (!Object.hasOwn(KEYS, key)) {
      complain(word.index, `expected key=value with a key among ${Object.keys(KEYS).join(' ')}, found '${word[0]}'`);
    } else if (seen.has(key)) {
      complain(word.index, `${key} is given twice`);
    } else {
      const allowed = KEYS[key]!(facts, value);
      if (allowed !== undefined) complain(word.index + equals + 1, `${key} must be ${allowed}, found '${value}'`);
    }
    seen.add(key);
  }
  if (words.length === 1) complain(words[0]!.index, 'nothing is said about the network; expected key=value behind it');
  if (seen.has('lat') !== seen.has('lon')) complain(words[0]!.index, 'lat and lon are only valid together');
  return facts;
}
