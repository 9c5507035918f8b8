// A process of the mesh as a record: JSON under its id in the hash `peers`.

import type { Peer, Role } from '../model/mesh.ts';
import { isCount, isText, MAX_NAME_LENGTH, MAX_PROCESS_ID_LENGTH, objectWith, parseJson, RECORD_VERSION } from './decode.ts';

const ROLES: readonly Role[] = ['dns', 'probe', 'fleet', 'site', 'admin'];
const MAX_WEIGHT = 65_535;
const KEYS = ['v', 'region', 'roles', 'weight', 'epoch', 'isWithdrawn'] as const;

const isRoles = (value: unknown): value is readonly Role[] =>
  Array.isArray(value) && value.length <= ROLES.length && value.every((role) => ROLES.includes(role as Role));

export function encodePeer(peer: Peer): string {
  const { region, roles, weight, epoch, isWithdrawn } = peer;
  return JSON.stringify({ v: RECORD_VERSION, region, roles, weight, epoch, isWithdrawn });
}

/** Undefined if the record is not a peer of this version. */
export function decodePeer(id: unknown, text: unknown): Peer | undefined {
  const record = objectWith(parseJson(text), KEYS);
  if (record === undefined || record.v !== RECORD_VERSION || !isText(id, MAX_PROCESS_ID_LENGTH)) return undefined;
  const { region, roles, weight, epoch, isWithdrawn } = record;
  if (!isText(region, MAX_NAME_LENGTH, 0) || !isRoles(roles) || !isCount(epoch) || typeof isWithdrawn !== 'boolean')
    return undefined;
  if (!isCount(weight) || weight < 1 || weight > MAX_WEIGHT) return undefined;
  return { id, region, roles, weight, epoch, isWithdrawn };
}
