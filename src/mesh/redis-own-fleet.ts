// Our verdicts as an aggregator into Redis: into our hash and, as an entry, into our log, by one script. Each heartbeat writes at
// least the head, which says that we are at work; if Redis has lost what we wrote before, everything is sent again.

import type { FleetReport, Peer } from '../model/mesh.ts';
import type { FleetVerdict } from '../model/verdict.ts';
import { encodeFleetHead } from './fleet-record.ts';
import { FleetSlate } from './fleet-slate.ts';
import { NUDGE } from './redis-keys.ts';
import type { Command, Reply } from './redis-link.ts';
import { type Desk, errorOf, type Part, type Round } from './redis-part.ts';
import { REPORT } from './redis-scripts.ts';
import { encodeFleetVerdict } from './verdict-record.ts';
import { HEAD_FIELD } from './vote-record.ts';

/** Entries that the log keeps, each of at most about 40 KB; who misses some reads the hash. */
const LOG_LENGTH = 256;
/** Verdicts in one write, and writes in one round. */
const WRITE_SIZE = 400;
const MAX_WRITES = 20;
/** What we wrote is gone so long after our last heartbeat. */
const LIFE_MS = 60_000;

interface Write {
  readonly number: number;
  readonly head: string;
  readonly generation: number;
  readonly isFromScratch: boolean;
  /** Target and record, '' for one that is forgotten. */
  readonly pairs: readonly (readonly [string, string])[];
}

export class RedisOwnFleet implements Part {
  readonly #desk: Desk;
  readonly #self: Peer;
  readonly #slate: FleetSlate;
  readonly #unsent = new Map<string, string>();
  #isFromScratch = true;
  #generation = 0;
  #write = 0;
  /** The newest write that Redis is known to have, and its head. */
  #written = 0;
  #writtenHead: string | null = null;
  #asked: readonly Write[] = [];
  #isChecking = false;
  #mayHurry = true;

  constructor(desk: Desk, self: Peer) {
    this.#desk = desk;
    this.#self = self;
    this.#slate = new FleetSlate(self.id, self.epoch, desk.complaints);
  }

  readonly isReady = true;

  get isHungry(): boolean {
    return this.#mayHurry && this.#unsent.size > 0;
  }

  report(listHash: string, atMs: number, verdicts: readonly FleetVerdict[], forgotten: readonly string[]): FleetReport {
    const isFirst = !this.#slate.isUsed;
    const report = this.#slate.update(listHash, atMs, verdicts, forgotten);
    if (report.isWhole) this.#sendAgain();
    for (const verdict of report.verdicts) this.#unsent.set(verdict.target, encodeFleetVerdict(verdict));
    for (const target of report.forgotten) this.#unsent.set(target, '');
    if (this.isHungry || isFirst) this.#desk.kick();
    return report;
  }

  ask({ isBeat }: Round): readonly Command[] {
    this.#asked = [];
    this.#isChecking = isBeat && this.#slate.isUsed;
    if (!this.#slate.isUsed || !(isBeat || this.isHungry)) return [];
    this.#asked = this.#writes();
    const check: Command[] = this.#isChecking ? [['HGET', this.#desk.keys.fleet(this.#self.id), HEAD_FIELD]] : [];
    return [...check, ...this.#asked.map((write, i) => this.#command(write, this.#asked[i - 1]?.number ?? this.#written))];
  }

  take(replies: readonly Reply[]): void {
    const rest = [...replies];
    const expected = this.#writtenHead;
    const found = this.#isChecking ? rest.shift() : undefined;
    this.#mayHurry = true;
    for (const write of this.#asked) this.#takeWrite(rest.shift(), write);
    if (found?.ok === true && expected !== null && found.value !== expected) this.#sendAgain();
    this.#asked = [];
  }

  lost(): void {
    this.#asked = [];
    this.#mayHurry = true;
  }

  #writes(): Write[] {
    const pairs = [...this.#unsent].slice(0, WRITE_SIZE * MAX_WRITES);
    const { listHash, atMs } = this.#slate.whole;
    const writes: Write[] = [];
    for (let at = 0; at === 0 || at < pairs.length; at += WRITE_SIZE) {
      const number = ++this.#write;
      const isFromScratch = at === 0 && this.#isFromScratch;
      const head = encodeFleetHead({ epoch: this.#self.epoch, write: number, listHash, atMs, isWhole: isFromScratch });
      writes.push({ number, head, generation: this.#generation, isFromScratch, pairs: pairs.slice(at, at + WRITE_SIZE) });
    }
    return writes;
  }

  #command({ number, head, isFromScratch, pairs }: Write, previous: number): Command {
    const { keys } = this.#desk;
    const { id, epoch } = this.#self;
    const nudge = pairs.length > 0 ? NUDGE.FLEETS : '';
    return [
      REPORT,
      ...[keys.fleet(id), keys.fleetLog(id), epoch, number, previous, head, LIFE_MS, LOG_LENGTH, isFromScratch ? 1 : 0],
      ...[keys.nudge, nudge, ...pairs.flat()],
    ];
  }

  #takeWrite(reply: Reply | undefined, { number, head, generation, isFromScratch, pairs }: Write): void {
    this.#desk.report('own verdicts', errorOf(reply));
    const code = reply?.ok === true ? reply.value : undefined;
    if (code !== 1 && code !== 2) {
      this.#mayHurry = false; // with the next heartbeat, not at once
      return;
    }
    this.#written = number;
    this.#writtenHead = head;
    if (generation !== this.#generation) return;
    if (isFromScratch) this.#isFromScratch = false;
    for (const [target, record] of pairs) if (this.#unsent.get(target) === record) this.#unsent.delete(target);
    if (code === 2) this.#sendAgain();
  }

  /** Everything once more: Redis does not hold what we sent last. */
  #sendAgain(): void {
    this.#generation++;
    this.#isFromScratch = true;
    this.#unsent.clear();
    for (const verdict of this.#slate.whole.verdicts) this.#unsent.set(verdict.target, encodeFleetVerdict(verdict));
  }
}
