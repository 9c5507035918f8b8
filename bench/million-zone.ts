// The zone of the scale benchmarks: a million records, one A at each of a million names. The serial has ten digits at a known
// place, so that a benchmark can change the file by writing ten octets.

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const ORIGIN = 'example.test';
export const RECORDS = 1_000_000;
export const LAST_NAME = `h${RECORDS - 1}.${ORIGIN}`;
const BEFORE_SERIAL = `$ORIGIN ${ORIGIN}.\n$TTL 3600\n@ SOA ns1 hostmaster `;
const AFTER_SERIAL = ' 7200 3600 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n';
const LINES_PER_WRITE = 10_000;

export function writeZone(file: string): void {
  const handle = openSync(file, 'w');
  writeSync(handle, `${BEFORE_SERIAL}1000000000${AFTER_SERIAL}`);
  for (let first = 0; first < RECORDS; first += LINES_PER_WRITE) {
    let text = '';
    for (let i = first; i < first + LINES_PER_WRITE; i++) {
      text += `h${String(i).padStart(6, '0')} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}\n`;
    }
    writeSync(handle, text);
  }
  closeSync(handle);
}

/** Writes a serial of ten digits into a zone file made by writeZone. */
export function setSerial(file: string, serial: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, String(serial), BEFORE_SERIAL.length);
  closeSync(handle);
}

/** A configuration of Meridian that serves just this zone; returns its file. `database`: `none` or `bundled`. */
export function meridianConfig(directory: string, port: number, database: string): string {
  return [
    'server:',
    `  listen: ["127.0.0.1:${port}"]`,
    '  workers: 1',
    '  rateLimit: { enabled: false }',
    `  stateDirectory: ${join(directory, 'var')}`,
    'geo:',
    `  database: ${database}`,
    '  watch: false',
    'zones:',
    '  directory: none',
    '  files:',
    `    ${ORIGIN}: ${ORIGIN}.zone`,
    '',
  ].join('\n');
}
