// The sections `keys` and `transfer` to what the server works with: secrets read from their files, zones and keys resolved.
// No problem repeats a secret or any part of one.

import { dirname, resolve } from 'node:path';
import type { Problem } from '../base/errors.ts';
import type { ZoneSource } from '../model/snapshot.ts';
import type { TransferRule, TransferSettings, TsigKey } from '../model/transfer.ts';
import { LOWER, nameFromText, namesEqual } from '../wire/name.ts';
import { readRegularFile } from './files.ts';
import { type KeysConfig, parseSecret, SECRET_FORM, type TransferConfig } from './transfer-schema.ts';
import type { YamlSource } from './yaml.ts';

/** A secret in base64 is a line; a larger file is another one. */
const MAX_SECRET_FILE_OCTETS = 4096;

/** `zones` are those that are served. */
export function transferSettings(
  source: YamlSource,
  keys: KeysConfig,
  transfer: TransferConfig,
  zones: readonly ZoneSource[],
): { value: TransferSettings; problems: Problem[] } {
  const problems: Problem[] = [];
  const names = Object.keys(keys);
  const value: TransferSettings = {
    keys: names.map((name): TsigKey => {
      const { algorithm, secret, secretFile } = keys[name]!;
      const octets = secretFile === null ? parseSecret(secret!) : readSecret(source, name, secretFile, problems);
      return { name: lowerName(name), algorithm, secret: octets ?? new Uint8Array(0) };
    }),
    rules: Object.entries(transfer).map(([zone, entry]): TransferRule => {
      const origin = lowerName(zone);
      if (!zones.some((served) => namesEqual(served.origin, 0, origin, 0))) {
        const message = `transfer.${zone} names a zone that is not served`;
        problems.push(source.problem(['transfer', zone], 'key', 'ERR_CONFIG_REFERENCE', message));
      }
      return { origin, allow: entry.allow, keys: entry.keys.map((key) => names.indexOf(key)), notify: entry.notify };
    }),
  };
  problems.push(...repeated(source, 'keys', names), ...repeated(source, 'transfer', Object.keys(transfer)));
  return { value, problems };
}

/** Names are one name if they differ in case or in a final dot only. The schema has seen that they are names. */
const lowerName = (text: string): Uint8Array => (nameFromText(text) as Uint8Array).map((octet) => LOWER[octet]!);

function repeated(source: YamlSource, section: string, names: readonly string[]): Problem[] {
  const seen: Uint8Array[] = [];
  return names.flatMap((text) => {
    const name = lowerName(text);
    const isKnown = seen.some((other) => namesEqual(other, 0, name, 0));
    seen.push(name);
    return isKnown
      ? [source.problem([section, text], 'key', 'ERR_CONFIG_DUPLICATE', `${section} has the name ${text} twice`)]
      : [];
  });
}

function readSecret(source: YamlSource, key: string, path: string, problems: Problem[]): Uint8Array | undefined {
  const file = resolve(dirname(resolve(source.file)), path);
  const read = readRegularFile(file, MAX_SECRET_FILE_OCTETS);
  const octets = read.ok ? parseSecret(Buffer.from(read.value.octets).toString('latin1')) : undefined;
  if (octets !== undefined) return octets;
  const reason = read.ok ? `which must hold ${SECRET_FORM} and nothing else` : `which cannot be read: ${read.error}`;
  const message = `keys.${key}.secretFile names ${file}, ${reason}`;
  problems.push(source.problem(['keys', key, 'secretFile'], 'value', 'ERR_CONFIG_REFERENCE', message));
  return undefined;
}
