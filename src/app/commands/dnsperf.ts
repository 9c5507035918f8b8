// dnsperf (DNS-OARC) as a load tool: started with bounds, its line for each query read as it comes, whatever their number. Written
// for 2.10 and later, whose -v prints `> RCODE NAME TYPE SECONDS` for a reply and `> T NAME TYPE` for none.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** A query without a reply for so long is lost. */
export const LOST_AFTER_SEC = 2;
const MAX_OUTSTANDING = 65_000;
const MIN_OUTSTANDING = 100;
/** Octets of the tool's complaints that are kept. */
const KEPT_COMPLAINTS = 2000;

export interface LoadRequest {
  readonly server: string;
  readonly port: number;
  readonly isTcp: boolean;
  /** Lines `NAME TYPE`, asked in turn. */
  readonly queries: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface LoadReport {
  /** Name and version. */
  readonly tool: string;
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly rcodes: Readonly<Record<string, number>>;
  /** Milliseconds; null = so many queries were not answered. */
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number | null>>;
}

/** Asks `perSecond` queries a second for `seconds`. ERR_BENCH if the tool is missing or fails. */
export async function runDnsperf(request: LoadRequest): Promise<Result<LoadReport, Problem>> {
  const { server, port, isTcp, queries, perSecond, seconds } = request;
  // As many under way as the rate needs until they are given up; fewer, and a slow server would slow the questions down.
  const outstanding = Math.min(MAX_OUTSTANDING, Math.max(MIN_OUTSTANDING, Math.ceil(perSecond * LOST_AFTER_SEC)));
  // It reads its queries again and again, which it cannot do from a pipe.
  const directory = mkdtempSync(join(tmpdir(), 'meridian-bench-'));
  const file = join(directory, 'queries');
  writeFileSync(file, queries);
  const options = {
    s: server,
    p: port,
    m: isTcp ? 'tcp' : 'udp',
    l: seconds,
    Q: perSecond,
    q: outstanding,
    t: LOST_AFTER_SEC,
    d: file,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const child = spawn('dnsperf', [...args, '-v'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints = `${complaints}${chunk}`.slice(-KEPT_COMPLAINTS);
  });
  const tally = new Tally();
  createInterface(child.stdout).on('line', (line) => tally.take(line));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return ok(tally.report());
    return failed(`dnsperf ended with ${code}: ${complaints.trim().split('\n').at(-1) ?? ''}`);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return failed(isMissing ? 'dnsperf is not installed; it is in the Debian package dnsperf' : (error as Error).message);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const failed = (message: string): Result<never, Problem> => err({ severity: 'error', code: 'ERR_BENCH', message });

class Tally {
  readonly #latencies = new LatencyHistogram();
  readonly #rcodes = new Map<string, number>();
  #lost = 0;
  #version = '';

  take(line: string): void {
    if (!line.startsWith('> ')) {
      this.#version ||= /^Version (\S+)/.exec(line)?.[1] ?? '';
      return;
    }
    const words = line.split(' ');
    const rcode = words[1]!;
    if (rcode === 'I') return; // interrupted: neither answered nor lost
    if (rcode === 'T') {
      this.#lost++;
      return;
    }
    this.#rcodes.set(rcode, (this.#rcodes.get(rcode) ?? 0) + 1);
    this.#latencies.add(Number(words.at(-1)) * 1e6);
  }

  report(): LoadReport {
    const answered = this.#latencies.count;
    const sent = answered + this.#lost;
    const ms = (share: number): number | null => {
      const us = this.#latencies.percentile(share, sent);
      return us === null ? null : us / 1000;
    };
    return {
      tool: `dnsperf ${this.#version}`.trim(),
      sent,
      answered,
      lost: this.#lost,
      rcodes: Object.fromEntries(this.#rcodes),
      latencyMs: { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99), p999: ms(0.999), max: ms(1) },
    };
  }
}
