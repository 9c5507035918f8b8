// Sections about steering: `sites`, `pools`, `policies`. Built for the names that one file defines, so that a reference to
// something undefined is found by the same pass as a wrong type.

import { z } from 'zod';
import { parseAddress, parseCidr } from '../base/address.ts';
import { COUNTRIES } from '../geo/centroids.ts';
import { CONTINENTS, MAX_ASN } from '../geo/facts.ts';
import { LOAD_UNITS, TARGET_OF_MAX } from '../model/capacity.ts';
import {
  complaint,
  decimal,
  distance,
  domainName,
  fields,
  integer,
  listOf,
  mapOf,
  type Names,
  name,
  ONCE_RIGHT,
  oneOf,
  parsed,
  reference,
} from './fields.ts';
import { watermarksSchema } from './probe-schema.ts';
import { checkCapacity, checkMember, checkPool, checkRule, checkWeights } from './steering-checks.ts';
import { parseDistance } from './units.ts';

const RULE_INTRO = 'A map with exactly one of the keys pool, nearest, map, failover, weighted, policy. Rules nest.';
const RULE_EXAMPLE = `policies:
  api-policy:
    rule:
      map:
        network:
          192.0.2.0/24: { pool: cdn }
        country:
          GB: { pool: web }
        continent:
          NA: { policy: www-policy }
        default:
          failover:
            - nearest: { pool: web, tieBand: 200km, bias: { london: 15 } }
            - weighted:
                - { weight: 9, rule: { pool: web } }
                - { weight: 1, rule: { pool: cdn } }
  www-policy:
    rule: { nearest: web }
`;

/** The names that a file defines, by section. */
export interface Defined {
  readonly sites: Names;
  readonly pools: Names;
  readonly policies: Names;
  readonly probes: Names;
  readonly keys: Names;
}

/** Well inside the error of placing a client by its country, and about the size of a metropolitan area. */
const DEFAULT_TIE_BAND = '100km';

/** `64500` or `AS64500`; undefined unless 1..4294967295. */
export function parseAsn(text: string): number | undefined {
  const match = /^(?:AS)?([1-9]\d{0,9})$/.exec(text);
  return match !== null && Number(match[1]) <= MAX_ASN ? Number(match[1]) : undefined;
}

/** A key out of a closed list of codes. Near misses among codes are other codes, so only the case is forgiven. */
const code = (form: string, known: ReadonlySet<string>) =>
  z
    .string()
    .superRefine((text, context) => {
      if (known.has(text)) return;
      const upper = text.toUpperCase() === 'UK' ? 'GB' : text.toUpperCase();
      const hint = known.has(upper) ? `; did you mean "${upper}"?` : '';
      context.addIssue(complaint('ERR_CONFIG_VALUE', `must be ${form}${hint}`));
    })
    .meta({ form });

const continent = () => code(`one of ${[...CONTINENTS].join(' ')}`, CONTINENTS);
const country = () => code('an ISO 3166-1 alpha-2 code such as GB', new Set(COUNTRIES.keys()));
const keyThat = (form: string, isRight: (text: string) => boolean) => parsed(form, (text) => (isRight(text) ? text : undefined));
const subdivision = () =>
  keyThat('an ISO 3166-2 code such as US-CA', (text) => /^..-[A-Z0-9]{1,3}$/.test(text) && COUNTRIES.has(text.slice(0, 2)));
const tag = () =>
  keyThat('a word of letters, digits, dots, dashes and underscores', (text) => /^[A-Za-z0-9_.-]{1,63}$/.test(text));
const asn = () => keyThat(`an AS number such as 64500 or AS64500`, (text) => parseAsn(text) !== undefined);
const network = () =>
  keyThat('a network such as 192.0.2.0/24, no bits set behind the prefix', (text) => parseCidr(text) !== undefined);

/** Loopback and private addresses are allowed: test beds use them. Nobody can be sent to the others. */
function unicast(text: string, family: 4 | 6): Uint8Array | undefined {
  const address = parseAddress(text);
  if (address?.family !== family) return undefined;
  const octets = address.octets;
  if (family === 4) return octets[0] === 0 || octets[0]! >= 224 ? undefined : octets;
  const isMapped = octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff;
  return octets[0] === 0xff || isMapped || octets.every((octet) => octet === 0) ? undefined : octets;
}

const HOST_NAME =
  /^(?=.{1,253}$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$/;

/** A numeric address, or a name whose last label cannot be taken for a number. */
const checkHost = () =>
  parsed('a numeric address or a host name', (text) =>
    parseAddress(text) !== undefined || HOST_NAME.test(text) ? text : undefined,
  );

/** Far above any site, and sums of many such are still exact. */
const MAX_LOAD = 1e12;
const load = () => decimal(0, MAX_LOAD, 'in the unit of the site');

const capacitySchema = fields({
  max: load().describe('Load that the site can bear at all.'),
  target: load()
    .nullable()
    .default(null)
    .describe(`Load above which clients are sent to other sites; null: ${TARGET_OF_MAX} of max, so that surprises find room.`),
  unit: oneOf(...LOAD_UNITS)
    .default('requests/s')
    .describe('The same at all sites: load that one gives away another one gets.'),
}).superRefine(checkCapacity, ONCE_RIGHT);

const siteSchema = fields({
  latitude: decimal(-90, 90, 'degrees').describe('North is positive.'),
  longitude: decimal(-180, 180, 'degrees').describe('East is positive.'),
  capacity: capacitySchema
    .nullable()
    .default(null)
    .describe('What it can take, until its agent says otherwise; null is not known: it is neither relieved nor given load.'),
});

const memberSchema = (defined: Defined) =>
  fields({
    site: reference(defined.sites).describe('Where it is.'),
    name: name()
      .nullable()
      .default(null)
      .describe(
        'Second half of its id `pool/name`; null takes the site. Sticky clients follow the id: do not rename in passing.',
      ),
    v4: parsed('a unicast IPv4 address', (text) => unicast(text, 4))
      .nullable()
      .default(null)
      .describe('Answer to A queries; null has none.'),
    v6: parsed('a unicast IPv6 address', (text) => unicast(text, 6))
      .nullable()
      .default(null)
      .describe('Answer to AAAA queries; null has none.'),
    alias: domainName()
      .nullable()
      .default(null)
      .describe('Answers with a CNAME to this name, for CDNs and the like; instead of addresses.'),
    weight: integer(0, 65_535)
      .default(1)
      .describe('Its share relative to the others. Weight 0 gets nothing while another member of the pool is up.'),
    check: fields({
      host: checkHost()
        .nullable()
        .default(null)
        .describe('Numeric address (for both families) or host name; null takes what clients are told.'),
      port: integer(1, 65_535).nullable().default(null).describe('null takes the port of the probe.'),
    })
      .nullable()
      .default(null)
      .describe('Where the probe of the pool goes, if that differs from what clients are told.'),
  }).superRefine(checkMember, ONCE_RIGHT);

const poolSchema = (defined: Defined) =>
  fields({
    members: listOf(memberSchema(defined), 1, 4096).describe('Who can answer. A pool holds addresses or aliases, not both.'),
    probe: reference(defined.probes)
      .nullable()
      .default(null)
      .describe('How its members are checked; null does not check them: they count as up.'),
    up: watermarksSchema
      .nullable()
      .default(null)
      .describe('When the pool as a whole counts as up for `failover`; null: as long as one member is.'),
  }).superRefine(checkPool, ONCE_RIGHT);

export interface NearestConfig {
  readonly pool: string;
  readonly tieBand: number;
  readonly bias: Readonly<Record<string, number>>;
}

type ByKey = Readonly<Record<string, RuleConfig>>;

export interface MapConfig {
  readonly network: ByKey;
  readonly asn: ByKey;
  readonly tag: ByKey;
  readonly subdivision: ByKey;
  readonly country: ByKey;
  readonly continent: ByKey;
  readonly default: RuleConfig;
}

/** Exactly one key is present (checkRule). */
export interface RuleConfig {
  readonly pool?: string | undefined;
  readonly nearest?: NearestConfig | undefined;
  readonly map?: MapConfig | undefined;
  readonly failover?: readonly RuleConfig[] | undefined;
  readonly weighted?: readonly { readonly weight: number; readonly rule: RuleConfig }[] | undefined;
  readonly policy?: string | undefined;
}

function ruleSchema(defined: Defined): z.ZodType<RuleConfig> {
  const rule: z.ZodType<RuleConfig> = z
    .lazy(() => body)
    .meta({ chapter: 'rules', form: 'a rule', intro: RULE_INTRO, example: RULE_EXAMPLE });
  const nearest = fields({
    pool: reference(defined.pools).describe('Whose sites compete.'),
    tieBand: distance(20_000)
      .prefault(DEFAULT_TIE_BAND)
      .describe('Sites at most so much farther than the nearest share the client with it, by weight.'),
    bias: mapOf(reference(defined.sites), integer(-99, 99, 'percent'), 'site')
      .default({})
      .describe('Widens (positive) or narrows the area of a site: 20 makes it seem 20 % nearer.'),
  });
  const byKey = (key: z.ZodType<string, string>, keyName: string, why: string) =>
    mapOf(key, rule, keyName).default({}).describe(why);
  const map = fields({
    network: byKey(network(), 'network', 'By client network; of several the longest prefix.'),
    asn: byKey(asn(), 'AS number', 'By autonomous system; needs `geo.asn` or a network map.'),
    tag: byKey(tag(), 'tag', 'By the tag that a network map gives to a network.'),
    subdivision: byKey(subdivision(), 'subdivision', 'By state, province or the like; needs a city database.'),
    country: byKey(country(), 'country', 'By country.'),
    continent: byKey(continent(), 'continent', 'By continent.'),
    default: rule.describe('For everyone else, and for clients whose place is not known.'),
  });
  const weighted = listOf(
    fields({
      weight: integer(0, 65_535).describe('Relative to the other entries.'),
      rule: rule.describe('What its share is answered with.'),
    }),
    1,
    256,
  ).superRefine(checkWeights, ONCE_RIGHT);
  const shortNearest = reference(defined.pools).transform(
    (pool): NearestConfig => ({ pool, tieBand: parseDistance(DEFAULT_TIE_BAND)!, bias: {} }),
  );
  const nearestForm = 'the name of a pool, or a map with the keys pool, tieBand, bias';
  const body = fields({
    pool: reference(defined.pools).optional().describe('All members of a pool, by weight.'),
    nearest: z
      .union([shortNearest, nearest], `must be ${nearestForm}`)
      .meta({ form: nearestForm })
      .optional()
      .describe('The sites of a pool in order of distance from the client.'),
    map: map
      .optional()
      .describe('Another rule for each kind of client. The most specific decides, in the order of the keys below.'),
    failover: listOf(rule, 1, 64).optional().describe('Rules in order; the first with something that is up decides.'),
    weighted: weighted.optional().describe('Rules that share clients by weight.'),
    policy: reference(defined.policies)
      .optional()
      .describe('The rule of another policy; its other keys do not count here. No circles.'),
  }).superRefine(checkRule, ONCE_RIGHT);
  return rule;
}

const spillSchema = () => {
  const settings = fields({
    priority: integer(0, 9)
      .default(5)
      .describe('Where sites are short, clients of policies with a lower priority are moved first.'),
    maxExtra: distance(20_100)
      .prefault('20100km')
      .describe('Nobody is sent farther than this beyond the nearest site; the default reaches around the world.'),
  });
  const form = 'off, or a map with the keys priority, maxExtra';
  return z
    .union([z.literal('off').transform(() => null), settings], `must be ${form}`)
    .prefault({})
    .describe('How clients are moved when sites with a known capacity are full; off leaves them where the rule puts them.')
    .meta({ form });
};

const LAST_RESORTS = ['serve-all', 'last-good', 'nodata', 'servfail'] as const;

const policySchema = (defined: Defined) => {
  const lastResortForm = `one of ${LAST_RESORTS.join(', ')}, or { fallback: pool }`;
  return fields({
    rule: ruleSchema(defined).describe('Which members may answer a client, and with what share.'),
    pick: oneOf('round-robin', 'sticky')
      .default('round-robin')
      .describe('How a share becomes an answer. round-robin: exact in turn. sticky: a client network keeps its member.'),
    answers: integer(1, 8, 'members')
      .default(1)
      .describe('Members in one reply, at different sites as far as there are such. Aliases are always answered alone.'),
    granularity: fields({
      v4: integer(8, 32, 'bits').default(20).describe('Prefix length for IPv4.'),
      v6: integer(16, 64, 'bits').default(44).describe('Prefix length for IPv6.'),
    })
      .prefault({})
      .describe('The smallest client networks that a sticky choice tells apart; longer splits finer but fills resolver caches.'),
    lastResort: z
      .union(
        [
          z.enum(LAST_RESORTS),
          fields({ fallback: reference(defined.pools).describe('The pool to answer from, all of it as if up.') }),
        ],
        `must be ${lastResortForm}`,
      )
      .default('serve-all')
      .describe(
        'The answer when nothing the rule allows is up: all as if up, the last answer that was good, no address, an error, or another pool.',
      )
      .meta({ form: lastResortForm }),
    spill: spillSchema(),
  });
};

/** The three sections for a file that defines these names. */
export const steeringSections = (defined: Defined) => ({
  sites: mapOf(name(), siteSchema, 'site')
    .default({})
    .describe('Places with members: a data centre, a region of a cloud, a point of presence.')
    .meta({
      chapter: 'sites',
      example: `sites:
  london: { latitude: 51.51, longitude: -0.13, capacity: { max: 12000, target: 9000 } }
`,
    }),
  pools: mapOf(name(), poolSchema(defined), 'pool')
    .default({})
    .describe('Members that serve the same thing.')
    .meta({
      chapter: 'pools',
      example: `pools:
  web:
    members:
      - { site: london, v4: 192.0.2.1, v6: "2001:db8:1::1", weight: 10 }
    probe: web-check
    up: { low: 30, high: 50 }
  cdn:
    members:
      - { site: london, alias: example-com.cdn.example.net, check: { host: origin.example.net, port: 8080 } }
    probe: dns-check
`,
    }),
  policies: mapOf(name(), policySchema(defined), 'policy')
    .default({})
    .describe('What a GSLB record in a zone names: a rule that chooses members, and how the choice is answered.')
    .meta({
      chapter: 'policies',
      example: `policies:
  www-policy:
    rule:
      failover:
        - nearest: web
        - pool: cdn
    pick: sticky
`,
    }),
});

type Sections = ReturnType<typeof steeringSections>;
export type SitesConfig = z.output<Sections['sites']>;
export type PoolsConfig = z.output<Sections['pools']>;
export type PoliciesConfig = z.output<Sections['policies']>;
