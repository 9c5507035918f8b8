// What answers ought to be, and which were wrong. A member that the drill breaks or mends is *turning* on each server until the
// first answer that shows it; the answers of other workers may lag behind for a moment, and that lag is measured. Every other
// answer that lacks a member it should have, or has one it should lack, is a wrong flip. Pure: times are arguments.

export interface WrongAnswer {
  readonly server: number;
  readonly member: number;
  readonly isMissing: boolean;
  readonly atMs: number;
}

interface View {
  /** First answer that was as wanted since the turn began; null = none yet. */
  firstRightMs: number | null;
  /** Last one that was not, after the first that was. */
  lastStaleMs: number;
  /** When the last query that was answered otherwise than wanted was sent: since then for certain it was not right yet. */
  lastStaleSentMs: number;
}

interface Wanted {
  isIn: boolean;
  isAnything: boolean;
  sinceMs: number;
  readonly views: View[];
}

export interface Turn {
  /** From the turn to the first right answer, of each server. */
  readonly firstRightMs: readonly number[];
  /** Between the first right answer of the first server and the last answer of any that was not. */
  readonly spreadMs: number;
  /** When the last query was sent that was still answered by the former state, of each server; 0 = none was. */
  readonly lastStaleSentMs: readonly number[];
}

export class Judge {
  readonly wrong: WrongAnswer[] = [];
  readonly #lagMs: number;
  readonly #wanted: readonly Wanted[];

  /** All members are wanted. Workers of one server may differ for `lagMs` after a turn. */
  constructor(servers: number, members: number, lagMs: number) {
    this.#lagMs = lagMs;
    const view = (): View => ({ firstRightMs: 0, lastStaleMs: 0, lastStaleSentMs: 0 });
    this.#wanted = Array.from({ length: members }, () => ({
      isIn: true,
      isAnything: false,
      sinceMs: Number.NEGATIVE_INFINITY,
      views: Array.from({ length: servers }, view),
    }));
  }

  /** From now on the member is wanted in the answers, or not. */
  want(member: number, isIn: boolean, nowMs: number): void {
    const wanted = this.#wanted[member]!;
    wanted.isIn = isIn;
    wanted.isAnything = false;
    wanted.sinceMs = nowMs;
    for (const view of wanted.views) {
      view.firstRightMs = null;
      view.lastStaleMs = 0;
      view.lastStaleSentMs = 0;
    }
  }

  /** From now on either is right, for nobody can know: an order that was neither acknowledged nor refused. */
  wantAnything(member: number): void {
    this.#wanted[member]!.isAnything = true;
  }

  /** `isIn` of each member, in an answer to a query that was sent at `sentMs`. */
  take(server: number, isIn: readonly boolean[], sentMs: number, nowMs: number): void {
    for (const [member, wanted] of this.#wanted.entries()) {
      if (wanted.isAnything || sentMs < wanted.sinceMs) continue;
      const view = wanted.views[server]!;
      if (isIn[member] === wanted.isIn) {
        view.firstRightMs ??= nowMs;
        continue;
      }
      view.lastStaleSentMs = sentMs;
      if (view.firstRightMs !== null) this.#stale(server, member, view, nowMs);
    }
  }

  #stale(server: number, member: number, view: View, nowMs: number): void {
    view.lastStaleMs = nowMs;
    if (nowMs - view.firstRightMs! <= this.#lagMs) return;
    this.wrong.push({ server, member, isMissing: this.#wanted[member]!.isIn, atMs: nowMs });
  }

  /** Every server has answered rightly since the last turn of the member. */
  hasTurned(member: number): boolean {
    return this.#wanted[member]!.views.every(({ firstRightMs }) => firstRightMs !== null);
  }

  /** How the last turn went; once it has. */
  turn(member: number): Turn {
    const { sinceMs, views } = this.#wanted[member]!;
    const first = views.map(({ firstRightMs }) => firstRightMs!);
    const last = views.map(({ firstRightMs, lastStaleMs }) => Math.max(firstRightMs!, lastStaleMs));
    return {
      firstRightMs: first.map((ms) => ms - sinceMs),
      spreadMs: Math.max(...last) - Math.min(...first),
      lastStaleSentMs: views.map(({ lastStaleSentMs }) => lastStaleSentMs),
    };
  }
}
