// Values of octoDNS to the data of records as master files write it (RFC 1035 and the RFC of each type): the order of the fields of a type,
// and which names they have in YAML.

import { type Fields, isFields } from './fields.ts';

/** Fields in the order of the record; of two names the older one comes second. A leading quote asks for a character-string. */
const FIELDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  CAA: [['flags'], ['tag'], ['"value']],
  DS: [['key_tag'], ['algorithm'], ['digest_type'], ['digest']],
  MX: [
    ['preference', 'priority'],
    ['exchange', 'value'],
  ],
  NAPTR: [['order'], ['preference'], ['"flags'], ['"service'], ['"regexp'], ['replacement']],
  SRV: [['priority'], ['weight'], ['port'], ['target']],
  SSHFP: [['algorithm'], ['fingerprint_type'], ['fingerprint']],
  TLSA: [['certificate_usage'], ['selector'], ['matching_type'], ['certificate_association_data']],
  URI: [['priority'], ['weight'], ['"target']],
};
/** What octoDNS takes for fields that are not there. */
const DEFAULTS: Readonly<Record<string, number>> = { 'CAA flags': 0 };
const PLAIN = ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'PTR'];
/** A character-string holds so many octets (RFC 1035, section 3.3). */
const STRING_SIZE = 255;

/** The data of one record; undefined if the type or the value is not known. */
export function octodnsData(type: string, value: unknown): string | undefined {
  if (PLAIN.includes(type)) return typeof value === 'string' && /^[^\s;()"]+$/.test(value) ? value : undefined;
  if (type === 'TXT') return typeof value === 'string' ? strings(value) : undefined;
  if (!isFields(value)) return undefined;
  if (type === 'LOC') return location(value);
  if (type === 'HTTPS' || type === 'SVCB') return service(value);
  const parts = FIELDS[type]?.map(([first = '', second]) => {
    const isString = first.startsWith('"');
    const found =
      value[isString ? first.slice(1) : first] ?? (second === undefined ? DEFAULTS[`${type} ${first}`] : value[second]);
    if (typeof found !== 'string' && typeof found !== 'number') return undefined;
    return isString ? quoted(String(found)) : String(found);
  });
  return parts === undefined || parts.includes(undefined) ? undefined : parts.join(' ');
}

/** octoDNS escapes semicolons and nothing else; text that comes in quotes is in character-strings already. */
function strings(value: string): string {
  const plain = value.replaceAll('\\;', ';');
  if (/^".*"$/s.test(plain)) return plain;
  const octets = new TextEncoder().encode(plain);
  const count = Math.max(1, Math.ceil(octets.length / STRING_SIZE));
  return Array.from({ length: count }, (_, i) => quotedOctets(octets.subarray(i * STRING_SIZE, (i + 1) * STRING_SIZE))).join(' ');
}

const quoted = (text: string): string => quotedOctets(new TextEncoder().encode(text));

function quotedOctets(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += octet < 0x20 || octet > 0x7e ? `\\${String(octet).padStart(3, '0')}` : String.fromCharCode(octet);
  }
  return `"${text}"`;
}

/** RFC 1876, section 3. */
function location(value: Fields): string | undefined {
  const numbers = ['lat_degrees', 'lat_minutes', 'lat_seconds', 'long_degrees', 'long_minutes', 'long_seconds'].map(
    (key) => value[key] ?? 0,
  );
  const [south, east] = [value['lat_direction'], value['long_direction']];
  const sizes = ['altitude', 'size', 'precision_horz', 'precision_vert'].map((key) => value[key]);
  if (![...numbers, ...sizes].every((each) => typeof each === 'number')) return undefined;
  const [latitude, longitude] = [numbers.slice(0, 3).join(' '), numbers.slice(3).join(' ')];
  return `${latitude} ${String(south)} ${longitude} ${String(east)} ${sizes.map((size) => `${size as number}m`).join(' ')}`;
}

/** RFC 9460, section 2.1. Parameters of several values are lists in YAML. */
function service(value: Fields): string | undefined {
  const { svcpriority: priority, targetname: target, svcparams: parameters } = value;
  if (typeof priority !== 'number' || typeof target !== 'string') return undefined;
  const printed = Object.entries(isFields(parameters) ? parameters : {}).map(([key, each]) => {
    if (each === null || each === undefined || each === '') return key;
    return `${key}=${Array.isArray(each) ? each.map(String).join(',') : String(each as string | number)}`;
  });
  return [String(priority), target, ...printed].join(' ');
}
