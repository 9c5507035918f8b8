// Readers: a page or a file, its parser, and a load.

import { open } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import type { Problem } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type { DriverLoad, LoadReader, ReaderSettings } from '../../../model/site-driver.ts';
import { loadWith } from '../load.ts';
import { OneByOne } from '../one-by-one.ts';
import { readPage } from '../page.ts';
import { codeOf, failure, messageOf, quote } from '../problem.ts';
import { Rates } from '../rate.ts';
import { parseEnvoy } from './envoy.ts';
import { parseIpvs } from './ipvs.ts';
import { parseStubStatus } from './nginx.ts';
import { parseNginxPlus } from './nginx-plus.ts';
import { parseSelector, sumOf } from './prometheus.ts';
import { loadFrom, type Servers } from './servers.ts';

const MAX_FILE_SIZE = 16 * 1024 * 1024;

/** What is asked for, rather than told. */
export type PulledSettings = Exclude<ReaderSettings, { readonly kind: 'posted' }>;

export class Reader implements LoadReader {
  readonly #settings: PulledSettings;
  readonly #clock: Clock;
  readonly #rates = new Rates();
  readonly #turns = new OneByOne();

  constructor(settings: PulledSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  readLoad(): Promise<Result<DriverLoad, Problem>> {
    return this.#turns.run(() => this.#read());
  }

  async close(): Promise<void> {
    await this.#turns.run(async () => {});
  }

  async #read(): Promise<Result<DriverLoad, Problem>> {
    const settings = this.#settings;
    const { timeoutMs, max } = settings;
    switch (settings.kind) {
      case 'nginx': {
        const page = await readPage(settings.url, timeoutMs);
        const status = page.ok ? parseStubStatus(page.value, settings.url) : page;
        return status.ok ? ok(loadWith(this.#oneOf(status.value.busy, status.value.requests), max)) : status;
      }
      case 'nginx-plus': {
        const url = `${settings.url.replace(/\/+$/, '')}/http/upstreams`;
        const page = await readPage(url, timeoutMs);
        const parsed = page.ok ? parseNginxPlus(page.value, url) : page;
        return parsed.ok ? this.#load(parsed.value, settings.upstreams, 'upstream', url) : parsed;
      }
      case 'envoy': {
        const url = `${settings.url.replace(/\/+$/, '')}/clusters?format=json`;
        const page = await readPage(url, timeoutMs);
        const parsed = page.ok ? parseEnvoy(page.value, url) : page;
        if (!parsed.ok) return parsed;
        const { services, limits, withoutRequests } = parsed.value;
        const silent = (settings.clusters ?? services).find((name) => withoutRequests.has(name));
        if (settings.measure === 'per-second' && silent !== undefined) {
          const hint = 'set "measure: connections", or name others under "clusters"';
          return failure('ERR_LOAD_SOURCE', `${url}: the cluster ${quote(silent)} has connections and no requests: ${hint}`);
        }
        const limited = (settings.clusters ?? services).map((name) => limits.get(name));
        const isKnown = limited.length > 0 && limited.every((limit) => limit !== undefined);
        const together = isKnown ? limited.reduce<number>((sum, limit) => sum + (limit ?? 0), 0) : null;
        return this.#load(parsed.value, settings.clusters, 'cluster', url, settings.measure === 'connections' ? together : null);
      }
      case 'ipvs': {
        const text = await readBounded(settings.file, timeoutMs);
        const parsed = text.ok ? parseIpvs(text.value, settings.file) : text;
        return parsed.ok ? this.#load(parsed.value, settings.services, 'service', settings.file) : parsed;
      }
      case 'prometheus':
        return this.#readSamples(settings);
    }
  }

  async #readSamples(settings: PulledSettings & { kind: 'prometheus' }): Promise<Result<DriverLoad, Problem>> {
    const page = await readPage(settings.url, settings.timeoutMs);
    if (!page.ok) return page;
    const sum = (text: string): Result<number, Problem> => {
      const selector = parseSelector(text);
      if (selector !== undefined) return sumOf(page.value, selector, settings.url);
      return failure('ERR_LOAD_FORM', `${settings.url}: "${text}" is not a selector such as name{label="value"}`);
    };
    const current = sum(settings.selector);
    if (!current.ok) return current;
    const most = settings.maxSelector === null ? ok(settings.max) : sum(settings.maxSelector);
    return most.ok ? ok(loadWith(this.#oneOf(current.value, current.value), settings.max ?? most.value)) : most;
  }

  /** What is under way, or the rate of what there was since the start. */
  #oneOf(underWay: number, total: number): number {
    if (this.#settings.measure === 'connections') return underWay;
    const rate = this.#rates.perSecond('', total, this.#clock.monotonicMs());
    this.#rates.turn();
    return rate;
  }

  #load(page: Servers, wanted: readonly string[] | null, kind: string, where: string, known: number | null = null) {
    const { measure, max } = this.#settings;
    return loadFrom(page, { wanted, kind, measure, max: max ?? known, where }, this.#rates, this.#clock.monotonicMs());
  }
}

/** A file of the kernel has no size before it is read. */
async function readBounded(file: string, timeoutMs: number): Promise<Result<string, Problem>> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const handle = await open(file);
    try {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of handle.createReadStream({ autoClose: false, signal }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MAX_FILE_SIZE) return failure('ERR_LOAD_SOURCE', `${file}: it has more than ${MAX_FILE_SIZE} octets`);
        chunks.push(chunk);
      }
      return ok(Buffer.concat(chunks).toString('latin1'));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (signal.aborted) return failure('ERR_LOAD_SOURCE', `${file}: it was not read within ${timeoutMs} ms`);
    const hint = codeOf(error) === 'ENOENT' ? 'there is no such file; is the kernel module ip_vs loaded?' : messageOf(error);
    return err({ severity: 'error', code: 'ERR_LOAD_SOURCE', message: `${file}: ${hint}` });
  }
}
