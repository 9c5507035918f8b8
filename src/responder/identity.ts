// What the server tells of itself to who asks in class CH (RFC 4892): `id.server.` and `version.server.`, and their older
// names `hostname.bind.` and `version.bind.`. Nothing unless the operator has given the text; everything else in that class is
// refused, for there is no zone of it here.

import type { ServerSettings } from '../model/snapshot.ts';
import { CLASS_CH, HEADER_SIZE, RCODE } from '../wire/constants.ts';
import { nameFromText, namesEqual } from '../wire/name.ts';
import type { Query } from '../wire/query.ts';
import { TYPE } from '../wire/rrtype.ts';
import type { ReplyWriter } from './writer.ts';

interface Told {
  /** Wire name in lower case. */
  readonly name: Uint8Array;
  /** The whole TXT record. Its owner is a pointer to the question. */
  readonly record: Uint8Array;
}

export class Identity {
  readonly #told: readonly Told[];

  /** The texts are ASCII, at most 255 characters. */
  constructor({ id, version }: ServerSettings['chaos']) {
    this.#told = [...tell(['id.server.', 'hostname.bind.'], id), ...tell(['version.server.', 'version.bind.'], version)];
  }

  /** Answers a query with the verdict IDENTIFY; returns the rcode. */
  answer(writer: ReplyWriter, query: Query): number {
    for (const { name, record } of this.#told) {
      if (!namesEqual(query.name.octets, 0, name, 0)) continue;
      writer.isAuthoritative = true;
      if (!writer.hasRoom(record.length)) writer.truncate();
      else {
        for (let i = 0; i < record.length; i++) writer.out[writer.cursor + i] = record[i]!;
        writer.moveTo(writer.cursor + record.length);
        writer.answers++;
      }
      return RCODE.NOERROR;
    }
    return RCODE.REFUSED;
  }
}

function tell(names: readonly string[], text: string | null): Told[] {
  if (text === null) return [];
  const octets = Array.from(text, (character) => character.charCodeAt(0));
  const ttl = [0, 0, 0, 0]; // nobody else shall tell it
  const rdata = [octets.length, ...octets];
  const record = Uint8Array.of(0xc0, HEADER_SIZE, 0, TYPE.TXT, 0, CLASS_CH, ...ttl, rdata.length >> 8, rdata.length, ...rdata);
  return names.map((name) => ({ name: nameFromText(name) as Uint8Array, record }));
}
