// One run of the fuzzer against a server of its own: the demo, started for it and judged when it stops.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusReport } from '../../src/app/process/reports.ts';
import { demoDirectory, meridian, startServer } from '../support/server.ts';
import { FuzzFailure, type FuzzOptions, type FuzzReport, fuzz } from './fuzzer.ts';

/**
 * What the server's resident memory may grow by after the first quarter of the run, in MiB. Collections of the young and old
 * generation move it by some 20 MiB either way; a leak of 100 octets a packet would exceed this within a minute.
 */
const MAX_GROWTH_MIB = 40;

type CampaignOptions = Pick<FuzzOptions, 'seed' | 'amount' | 'rate' | 'only'>;

/** Throws a FuzzFailure if the server broke a rule, threw inside, lost a worker, grew, or did not stop when told to. */
export async function campaign(options: CampaignOptions): Promise<FuzzReport> {
  const server = await startServer(fuzzDirectory());
  try {
    const report = await fuzz({ ...options, port: server.port, pid: server.pid });
    const { code, stdout } = await meridian(['status', '--json', '--config', server.config]);
    if (code !== 0) throw new FuzzFailure('the control socket no longer answers');
    const { counters } = JSON.parse(stdout) as StatusReport;
    if (counters.EXCEPTIONS > 0) throw new FuzzFailure(`${counters.EXCEPTIONS} exceptions inside the responder`);
    if (/worker died/.test(server.log())) throw new FuzzFailure(`a worker died:\n${server.log()}`);
    if (report.grownMib > MAX_GROWTH_MIB)
      throw new FuzzFailure(`resident memory grew by ${report.grownMib.toFixed(0)} MiB; ${MAX_GROWTH_MIB} are allowed`);
    const exitCode = await server.stop();
    if (exitCode !== 0) throw new FuzzFailure(`the server ended with code ${exitCode}`);
    return report;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The demo, without limits that a fuzzer would run into because the machine kept it waiting. */
function fuzzDirectory(): string {
  const directory = demoDirectory();
  const config = join(directory, 'meridian.yaml');
  writeFileSync(
    config,
    readFileSync(config, 'utf8').replace(/^server:$/m, 'server:\n  tcp: { messageTimeout: 1m, idleTimeout: 10m }'),
  );
  return directory;
}
