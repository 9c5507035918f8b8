// What fails in the proof, in which order, and what must hold meanwhile: the site of one continent, the master of Redis, a site while
// Redis works from its replica, and a whole region.

import type { Ledger } from '../drill/ledger.ts';
import { sleep, waitFor } from '../drill/wait.ts';
import { type Answer, Questions, SERVER_NAMES, SITES, type SiteName } from './questions.ts';
import type { Stack } from './stack.ts';

/** A killed container is silent: each check may take its whole time limit (docs/health.md). */
const FAILOVER_LIMIT_MS = 20_000;
/** Until the first answer names a site again: two good checks, and the first step of slow start. */
const BACK_LIMIT_MS = 60_000;
/** Slow start (60 s) to its end. */
const HOME_LIMIT_MS = 120_000;
/** So many right answers in a row of each server make sure that a share is whole. */
const HOME_ANSWERS = 12;
/** Five seconds until the sentinels agree, a promotion, and the longest wait of a client that tries again. */
const REDIS_LIMIT_MS = 60_000;
const QUIET_MS = 20_000;

interface Status {
  readonly health: {
    readonly mesh: { readonly state: string; readonly trouble: unknown };
    readonly members: readonly { readonly families: readonly { readonly seen: string; readonly sharePermille: number }[] }[];
  };
}

export class Proof {
  readonly #stack: Stack;
  readonly #ledger: Ledger;
  readonly #questions: Questions;

  constructor(stack: Stack, ledger: Ledger) {
    this.#stack = stack;
    this.#ledger = ledger;
    this.#questions = new Questions(stack);
  }

  close(): void {
    this.#questions.stop();
  }

  async run(): Promise<void> {
    await this.#loseSite('frankfurt', 'newyork', 'a site is lost');
    await this.#loseRedis();
    await this.#loseSite('newyork', 'frankfurt', 'a site is lost while Redis works from its former replica');
    await this.#redisReturns();
    await this.#loseRegion();
  }

  /** Every server is joined, sees everybody up with a whole share, and sends each client home. */
  async isWhole(servers: readonly string[] = SERVER_NAMES): Promise<boolean> {
    const reports = await Promise.all(servers.map((server) => this.#status(server)));
    const isWhole = reports.every(
      (report) =>
        report !== undefined &&
        report.health.mesh.state === 'joined' &&
        report.health.mesh.trouble === null &&
        report.health.members.every(({ families: [family] }) => family?.seen === 'up' && family.sharePermille === 1000),
    );
    if (!isWhole) return false;
    const sinceMs = performance.now();
    return Number.isFinite(await waitFor(() => SITES.every((home) => this.#all(home, home, sinceMs)), QUIET_MS));
  }

  async #loseSite(site: SiteName, next: SiteName, title: string): Promise<void> {
    const services = [`site-${site}`];
    this.#ledger.note(`${title}: ${site}`);
    const lostMs = await this.#stack.kill(services);
    await waitFor(() => this.#all(site, next, lostMs), FAILOVER_LIMIT_MS * 2);
    this.#ledger.within(`${title}: until every server names ${next}`, performance.now() - lostMs, FAILOVER_LIMIT_MS);
    await this.#quiet(`${title}: afterwards`, (answer) => answer.site === (answer.home === site ? next : answer.home));
    this.#unanswered(title, lostMs);

    this.#ledger.note(`${site} is back`);
    const backMs = performance.now();
    await this.#stack.start(services);
    const isBack = (): boolean => this.#questions.since(backMs).some(({ home, site: named }) => home === site && named === site);
    await waitFor(isBack, BACK_LIMIT_MS * 2);
    this.#ledger.within(`${site} is back: until the first answer names it`, performance.now() - backMs, BACK_LIMIT_MS);
    await waitFor(() => this.#isHome(site, backMs), HOME_LIMIT_MS * 2);
    this.#ledger.within(`${site} is back: until all its clients are home`, performance.now() - backMs, HOME_LIMIT_MS);
    this.#unanswered(`${site} is back`, backMs);
  }

  async #loseRedis(): Promise<void> {
    this.#ledger.note('the master of Redis is killed');
    const lostMs = await this.#stack.kill(['redis-1']);
    await waitFor(async () => (await this.#master()) === '10.153.0.22', REDIS_LIMIT_MS);
    this.#ledger.within('Redis: until Sentinel names the replica', performance.now() - lostMs, REDIS_LIMIT_MS);
    await waitFor(() => this.isWhole(), REDIS_LIMIT_MS * 2);
    this.#ledger.within('Redis: until every server is joined again', performance.now() - lostMs, REDIS_LIMIT_MS * 2);
    const changed = this.#questions.since(lostMs).filter(({ home, site }) => site !== home);
    this.#ledger.none('Redis: answers that changed', changed.length, sample(changed));
    this.#unanswered('Redis', lostMs);
  }

  async #redisReturns(): Promise<void> {
    this.#ledger.note('the former master of Redis is back');
    const backMs = performance.now();
    await this.#stack.start(['redis-1']);
    const isReplica = async (): Promise<boolean> => /role:slave/.test(await this.#redis('redis-1', ['info', 'replication']));
    await waitFor(isReplica, REDIS_LIMIT_MS * 2);
    this.#ledger.within('Redis is back: until it follows', performance.now() - backMs, REDIS_LIMIT_MS);
    const changed = this.#questions.since(backMs).filter(({ home, site }) => site !== home);
    this.#ledger.none('Redis is back: answers that changed', changed.length, sample(changed));
  }

  /** Asia is cut off. The others send its clients to the next site; its own server goes on answering there as it did. */
  async #loseRegion(): Promise<void> {
    const others = ['dns-1', 'dns-2'];
    const local = new Questions(this.#stack, true);
    this.#ledger.note('asia is cut off');
    const lostMs = performance.now();
    await this.#stack.region('cut', 'asia');
    const isOver = (): boolean => {
      const newest = this.#questions.newest('singapore', others, lostMs);
      return newest.length === others.length && newest.every(({ site }) => site === 'frankfurt');
    };
    await waitFor(isOver, FAILOVER_LIMIT_MS * 2);
    this.#ledger.within('region cut off: until the others name the next site', performance.now() - lostMs, FAILOVER_LIMIT_MS);
    await sleep(QUIET_MS);
    const inside = local.since(lostMs).filter(({ server }) => server === 'dns-3');
    this.#ledger.judge('region cut off: answers of its own server inside', inside.length > 0, String(inside.length), '> 0');
    const wrong = inside.filter(({ site }) => site === undefined);
    this.#ledger.none('region cut off: questions that its own server left unanswered', wrong.length, sample(wrong));
    this.#unanswered('region cut off', lostMs, others);
    this.#ledger.note('asia is back');
    const backMs = performance.now();
    await this.#stack.region('join', 'asia');
    await waitFor(() => this.isWhole(), HOME_LIMIT_MS * 2);
    this.#ledger.within('region is back: until every server is whole', performance.now() - backMs, HOME_LIMIT_MS);
    this.#unanswered('region is back', backMs, others);
    local.stop();
  }

  #all(home: SiteName, site: SiteName, sinceMs: number): boolean {
    const newest = this.#questions.newest(home, SERVER_NAMES, sinceMs);
    return newest.length === SERVER_NAMES.length && newest.every((answer) => answer.site === site);
  }

  #isHome(home: SiteName, sinceMs: number): boolean {
    const answers = this.#questions.since(sinceMs).filter((answer) => answer.home === home);
    return SERVER_NAMES.every((name) => {
      const last = answers.filter(({ server }) => server === name).slice(-HOME_ANSWERS);
      return last.length === HOME_ANSWERS && last.every(({ site }) => site === home);
    });
  }

  async #quiet(title: string, isRight: (answer: Answer) => boolean): Promise<void> {
    const sinceMs = performance.now();
    await sleep(QUIET_MS);
    const wrong = this.#questions.since(sinceMs).filter((answer) => !isRight(answer));
    this.#ledger.none(`${title}: wrong answers`, wrong.length, sample(wrong));
  }

  #unanswered(title: string, sinceMs: number, servers: readonly string[] = SERVER_NAMES): void {
    const asked = this.#questions.since(sinceMs).filter(({ server }) => servers.includes(server));
    const lost = asked.filter(({ site }) => site === undefined);
    this.#ledger.none(`${title}: unanswered questions`, lost.length, ` of ${asked.length}${sample(lost)}`);
  }

  async #status(server: string): Promise<Status | undefined> {
    try {
      const command = ['meridian', 'status', '--json', '--config', '/etc/meridian/meridian.yaml'];
      return JSON.parse(await this.#stack.execute(server, command)) as Status;
    } catch {
      return undefined; // not up yet, or not any more
    }
  }

  async #master(): Promise<string | undefined> {
    return (await this.#redis('sentinel-1', ['-p', '26379', 'sentinel', 'get-master-addr-by-name', 'meridian'])).split('\n')[0];
  }

  async #redis(service: string, args: readonly string[]): Promise<string> {
    try {
      return (await this.#stack.execute(service, ['redis-cli', ...args])).replaceAll('\r', '');
    } catch {
      return '';
    }
  }
}

/** The first of them in words, for the one who reads the table. */
function sample(answers: readonly Answer[]): string {
  const [first] = answers;
  return first === undefined ? '' : ` (first: ${first.server} to a client of ${first.home}: ${first.text || 'nothing'})`;
}
