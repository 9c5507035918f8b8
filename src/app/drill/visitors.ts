// Clients of the sites of a drill's own world, over real connections: one that asks a site for a page again and again, and a crowd of
// which each asks DNS, goes to the site that it is told, stays there a while, and asks again.

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { sleep } from '../../base/sleep.ts';
import type { SiteLoad } from '../../drill/model.ts';
import type { Place } from './region-link.ts';

/** A page that takes longer has failed. */
const PAGE_LIMIT_MS = 10_000;
const PAGE_EVERY_MS = 200;
const STAY_MS = 1500;
/** Who finds nobody tries again after this. */
const LOST_PAUSE_MS = 200;

/** Whether the page came. */
export function fetchPage({ host, port }: Place, path: string, isTls: boolean): Promise<boolean> {
  const request = isTls ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const asked = request({ host, port, path, agent: false, timeout: PAGE_LIMIT_MS, rejectUnauthorized: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
      response.once('error', () => resolve(false));
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

/** Asks one site for a page five times a second, each time on a new connection. */
export class Regular {
  asked = 0;
  failed = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(place: Place, isTls: boolean) {
    this.#timer = setInterval(() => {
      void fetchPage(place, '/', isTls).then((isGood) => {
        this.asked++;
        if (!isGood) this.failed++;
      });
    }, PAGE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

export interface CrowdOptions {
  readonly size: number;
  readonly sites: readonly { readonly site: string; readonly place: Place; readonly target: number; readonly max: number }[];
  readonly isTls: boolean;
  /** The site that DNS sends a visitor to now. */
  whereTo(): Promise<string | undefined>;
}

export class Crowd {
  readonly #options: CrowdOptions;
  readonly #present = new Map<string, number>();
  #isOver = false;
  #visitors: Promise<unknown> = Promise.resolve();

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#visitors = Promise.all(Array.from({ length: options.size }, (_, i) => this.#visit(i)));
  }

  /** Who is where now. */
  loads(): readonly SiteLoad[] {
    return this.#options.sites.map(({ site, target, max }) => ({ site, current: this.#present.get(site) ?? 0, target, max }));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#visitors;
  }

  async #visit(i: number): Promise<void> {
    const { sites, isTls, whereTo } = this.#options;
    await sleep((i * STAY_MS) / this.#options.size); // nobody comes at the same moment
    while (!this.#isOver) {
      const name = await whereTo();
      const found = sites.find(({ site }) => site === name);
      if (found === undefined) {
        await sleep(LOST_PAUSE_MS);
        continue;
      }
      this.#count(found.site, 1);
      const isGood = await fetchPage(found.place, `/stay/${STAY_MS}`, isTls);
      this.#count(found.site, -1);
      if (!isGood) await sleep(LOST_PAUSE_MS);
    }
  }

  #count(site: string, by: number): void {
    this.#present.set(site, (this.#present.get(site) ?? 0) + by);
  }
}
