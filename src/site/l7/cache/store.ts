// Stored responses by key, several for a key where Vary tells them apart. Together they have so many octets at most: the keys that were
// asked for longest ago go first.

import type { RequestHead } from '../request-head.ts';
import { hostOf } from '../routes.ts';
import { type Entry, isFor, sizeOf } from './entry.ts';

/** Of one key: who varies by what clients may choose freely fills no more than this. */
const MOST_VARIANTS = 16;

export class Store {
  /** In the order of use, the last one last. */
  readonly #byKey = new Map<string, Entry[]>();
  /** By key: what was asked for, `www.example.org/a?b`. */
  readonly #places = new Map<string, string>();
  /** Grows with every purge: what was asked for before is not stored after it. */
  #generation = 0;
  #size = 0;
  #mostSize: number;

  constructor(mostSize: number) {
    this.#mostSize = mostSize;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Octets of all entries. */
  get size(): number {
    return this.#size;
  }

  get count(): number {
    let count = 0;
    for (const entries of this.#byKey.values()) count += entries.length;
    return count;
  }

  /** From now on. */
  limit(mostSize: number): void {
    this.#mostSize = mostSize;
    this.#makeRoom();
  }

  find(key: string, head: RequestHead): Entry | null {
    const entries = this.#byKey.get(key);
    if (entries === undefined) return null;
    const entry = entries.find((one) => isFor(one, head));
    if (entry === undefined) return null;
    this.#byKey.delete(key);
    this.#byKey.set(key, entries);
    return entry;
  }

  /** In place of the one that the request would have got. */
  put(key: string, head: RequestHead, entry: Entry): void {
    const kept = (this.#byKey.get(key) ?? []).filter((one) => !isFor(one, head)).slice(1 - MOST_VARIANTS);
    this.delete(key);
    for (const one of [...kept, entry]) this.#size += sizeOf(one);
    this.#byKey.set(key, [...kept, entry]);
    this.#places.set(key, `${hostOf(head.authority)}${head.target}`);
    this.#makeRoom();
  }

  /** Removes what was asked for at these places; how many responses. */
  purge(isMeant: (place: string) => boolean): number {
    this.#generation++;
    const before = this.count;
    for (const [key, place] of this.#places) if (isMeant(place)) this.delete(key);
    return before - this.count;
  }

  clear(): void {
    this.#generation++;
    this.#byKey.clear();
    this.#places.clear();
    this.#size = 0;
  }

  delete(key: string): void {
    for (const entry of this.#byKey.get(key) ?? []) this.#size -= sizeOf(entry);
    this.#byKey.delete(key);
    this.#places.delete(key);
  }

  /** Another policy and other fields for an entry, if it is still there. */
  refresh(key: string, entry: Entry, policy: Entry['policy'], fields: Entry['fields']): void {
    const isHere = this.#byKey.get(key)?.includes(entry) === true;
    if (isHere) this.#size -= sizeOf(entry);
    entry.policy = policy;
    entry.fields = fields;
    if (isHere) this.#size += sizeOf(entry);
  }

  #makeRoom(): void {
    for (const key of this.#byKey.keys()) {
      if (this.#size <= this.#mostSize) return;
      this.delete(key);
    }
  }
}
