// The world that a drill starts for itself: real processes of this program - three DNS servers, three probers and three sites with
// agents, in three regions that share a Redis - on addresses of loopback that are this world's own. Nothing of it is left behind.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCidr } from '../../base/address.ts';
import { sleep } from '../../base/sleep.ts';
import { startAsking } from '../../drill/asker.ts';
import type { Answer, FaultName, FaultWays, LimitName, SiteLoad, Stage, World } from '../../drill/model.ts';
import { DrillError } from '../../drill/play.ts';
import { nameFromText } from '../../wire/name.ts';
import { askControl } from '../process/control.ts';
import type { StatusReport } from '../process/reports.ts';
import { type Certificates, makeCertificate } from './certificate.ts';
import { WorldProcess } from './child-process.ts';
import { CERTIFICATE_NAME, configText, NETWORKS_TEXT, PLACES, SITE_LOAD, ZONE, ZONE_TEXT } from './local-config.ts';
import { type LocalParts, localFaults } from './local-faults.ts';
import { LocalRedis } from './local-redis.ts';
import type { Pace } from './pace.ts';
import { type Place, RegionLink } from './region-link.ts';
import { Crowd, Regular } from './visitors.ts';
import { WebSite } from './web-site.ts';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const DNS_PORT = 5053;
const FRONT_PORT = 8080;
const WEB_PORTS = [9001, 9002];
/** The region whose ways to the others lead through relays. */
const CUT_REGION = 'asia';
const ROUND_MS = 200;
/** Where nothing may be lost under load: a hundred queries a second to each server. */
const LOADED_ROUND_MS = 30;
const AUTHORITIES = 'authorities.crt';
const WHOLE_LIMIT_MS = 120_000;
const LOOK_MS = 100;
/** Worlds of this process that are there, by the third of loopback that each has for itself. */
const inUse: boolean[] = [false, false, false];

export interface LocalWorldOptions {
  readonly pace: Pace;
  /** What the drills to be played need beyond the common. */
  readonly faults: readonly FaultName[];
  /** Between two rounds of questions, in each of which every server is asked for three networks. */
  readonly roundMs?: number;
}

export class LocalWorld implements World, LocalParts {
  readonly title = 'local processes';
  readonly name = `www.${ZONE}`;
  readonly servers: readonly string[] = PLACES.map(({ region }) => `dns-${region}`);
  readonly clients: readonly { readonly network: string; readonly label: string }[];
  readonly subject: { readonly site: string; readonly server: string };
  readonly limitsMs: Readonly<Record<LimitName, number>>;
  readonly steadyMs: number;
  readonly faults: Readonly<Partial<Record<FaultName, FaultWays>>>;
  readonly pace: Pace;
  readonly hasTls: boolean;
  readonly hasSentinel: boolean;
  readonly directory: string;
  readonly redis: LocalRedis;
  readonly dns: WorldProcess[] = [];
  readonly probers: WorldProcess[] = [];
  readonly agents: WorldProcess[] = [];
  readonly webSites: readonly WebSite[];
  readonly links: RegionLink[] = [];
  readonly refused = new Map<string, string>();
  readonly notReplaced = new Map<string, string>();
  certificates: Certificates | null = null;
  crowd: Crowd | null = null;
  readonly #third: number;
  /** The network of loopback that is this world's own follows from the id of this process and the third. */
  readonly #network: string;
  readonly #hasCapacity: boolean;
  readonly #roundMs: number;
  #regular: Regular | null = null;
  readonly #newest = new Map<string, string>();

  constructor({ pace, faults, roundMs }: LocalWorldOptions) {
    this.#third = inUse.indexOf(false);
    if (this.#third < 0) throw new DrillError(`${inUse.length} worlds of this process are open, there is no room for another`);
    inUse[this.#third] = true;
    this.#network = `127.${64 + ((process.pid >> 8) & 0x3f) + 64 * this.#third}.${process.pid & 0xff}`;
    this.pace = pace;
    this.hasTls = faults.includes('certificate-wrong');
    this.hasSentinel = faults.includes('redis-master-stops');
    this.#hasCapacity = faults.includes('crowd-comes');
    this.#roundMs = roundMs ?? (faults.includes('servers-upgrade') ? LOADED_ROUND_MS : ROUND_MS);
    const isCut = faults.includes('region-cut');
    const { region, site } = PLACES.find((place) => !isCut || place.region === CUT_REGION)!;
    this.subject = { site, server: `dns-${region}` };
    this.clients = PLACES.map(({ network, region: label }) => ({ network, label }));
    this.limitsMs = pace.limitsMs;
    this.steadyMs = pace.steadyMs;
    this.directory = join(tmpdir(), `meridian-drill-${process.pid}-${this.#third}`);
    this.webSites = PLACES.map(({ site: id }, i) => new WebSite(id, this.front(i).host, WEB_PORTS));
    this.redis = new LocalRedis({
      directory: this.directory,
      address: (octet) => this.#address(octet),
      hasSentinel: this.hasSentinel,
      downAfterMs: pace.sentinelDownMs,
    });
    this.faults = localFaults(this);
  }

  get subjectIndex(): number {
    return PLACES.findIndex(({ site }) => site === this.subject.site);
  }

  front(i: number): Place {
    return { host: this.#address(101 + i), port: FRONT_PORT };
  }

  get processes(): readonly WorldProcess[] {
    return [...this.dns, ...this.probers, ...this.agents, ...this.redis.nodes];
  }

  /** Processes that ended though nobody asked them to. */
  get crashes(): number {
    return this.processes.reduce((sum, { crashes }) => sum + crashes, 0);
  }

  async open({ note }: Stage): Promise<void> {
    mkdirSync(this.directory, { mode: 0o700 });
    if (this.hasTls) {
      const good = makeCertificate(this.directory, CERTIFICATE_NAME);
      const other = makeCertificate(this.directory, 'another.example.test');
      const shown = { certificate: join(this.directory, 'shown.crt'), key: join(this.directory, 'shown.key') };
      this.certificates = { good, other, shown };
      copyFileSync(good.certificate, shown.certificate);
      copyFileSync(good.key, shown.key);
      const authorities = [good, other].map(({ certificate }) => readFileSync(certificate, 'utf8'));
      writeFileSync(join(this.directory, AUTHORITIES), authorities.join(''));
    }
    await this.redis.start();
    for (const site of this.webSites) await site.start();
    await this.#openLinks();
    for (const [i, { region, site }] of PLACES.entries()) {
      this.dns.push(this.#process(`dns-${region}`, region, ['--role', 'dns'], this.#address(11 + i), /"msg":"listening"/));
      this.probers.push(this.#process(`prober-${region}`, region, ['--role', 'probe'], this.#address(11 + i), /"msg":"probing"/));
      const agent = ['--role', 'site', '--site', site];
      this.agents.push(this.#process(`site-${site}`, region, agent, this.#address(11 + i), /"msg":"at the site"/));
    }
    note(`starting ${this.processes.length} processes in ${this.directory}`);
    // First the sites: what is not there at the first check comes up little by little.
    await Promise.all(this.agents.map((process) => process.start()));
    await Promise.all([...this.dns, ...this.probers].map((process) => process.start()));
    await this.untilJoined(WHOLE_LIMIT_MS);
    this.#regular = new Regular(this.front(this.subjectIndex), this.hasTls);
  }

  ask(take: (answer: Answer) => void): () => Promise<void> {
    const servers = PLACES.map(({ region }, i) => ({ name: `dns-${region}`, address: this.#address(11 + i), port: DNS_PORT }));
    return startAsking({
      servers,
      networks: PLACES.map(({ network }) => ({ text: network, network: parseCidr(network)! })),
      name: nameFromText(this.name) as Uint8Array,
      roundMs: this.#roundMs,
      siteOf: (address) => PLACES[PLACES.findIndex((_, i) => this.front(i).host === address)]?.site,
      take: (answer) => {
        if (answer.client === PLACES[this.subjectIndex]!.network && answer.site !== null)
          this.#newest.set(answer.server, answer.site);
        take(answer);
      },
    });
  }

  readonly isJoined = async (): Promise<boolean> => {
    const reports = await Promise.all(this.dns.map((process) => this.status(process)));
    return reports.every(
      (report) =>
        report !== undefined &&
        report.health.mesh.state === 'joined' &&
        report.health.mesh.trouble === null &&
        report.health.members.every(({ families }) => families.every(({ seen, votes }) => seen === 'up' && votes.length > 1)),
    );
  };

  readonly visits = (): { readonly asked: number; readonly failed: number } => ({
    asked: this.#regular?.asked ?? 0,
    failed: this.#regular?.failed ?? 0,
  });

  readonly loads = (): readonly SiteLoad[] => this.crowd?.loads() ?? [];

  readonly unreplaced = (): ReadonlyMap<string, string> => this.notReplaced;

  readonly refusals = (): ReadonlyMap<string, string> => this.refused;

  async untilJoined(limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    while (!(await this.isJoined())) {
      if (performance.now() > endMs)
        throw new DrillError(`the servers do not agree within ${limitMs / 1000} s; their logs: ${this.directory}`);
      await sleep(LOOK_MS);
    }
  }

  /** Undefined while it does not run. */
  async status({ directory }: WorldProcess): Promise<StatusReport | undefined> {
    const reply = await askControl<StatusReport>(join(directory, 'var/meridian.sock'), { command: 'status' });
    return reply.ok && 'health' in reply.value ? reply.value : undefined;
  }

  crowdOf(size: number): Crowd {
    const sites = PLACES.map(({ site }, i) => ({ site, place: this.front(i), ...SITE_LOAD }));
    return new Crowd({ size, sites, isTls: this.hasTls, whereTo: () => this.#askOnce() });
  }

  async close(): Promise<void> {
    this.#regular?.stop();
    await this.crowd?.stop();
    await Promise.all([...this.dns, ...this.probers, ...this.agents].map((process) => process.kill()));
    await this.redis.close();
    await Promise.all([...this.webSites.map((site) => site.close()), ...this.links.map((link) => link.close())]);
    rmSync(this.directory, { recursive: true, force: true });
    inUse[this.#third] = false;
  }

  #address(octet: number): string {
    return `${this.#network}.${octet}`;
  }

  /** Where a server that was asked lately sends a client of the site. */
  #askOnce(): Promise<string | undefined> {
    const newest = [...this.#newest.values()];
    return Promise.resolve(newest[Math.floor(Math.random() * newest.length)]);
  }

  /** From the region that can be cut off to everything outside it, and from outside to its site. */
  async #openLinks(): Promise<void> {
    const { host, port } = this.redis;
    const targets: Place[] = [{ host, port }, ...PLACES.map((_, i) => this.front(i))];
    for (const [i, target] of targets.entries()) {
      this.links.push(await RegionLink.open({ host: this.#address(151 + i), port: target.port }, target));
    }
  }

  #process(name: string, region: string, args: readonly string[], dnsAddress: string, ready: RegExp): WorldProcess {
    const directory = join(this.directory, name);
    mkdirSync(directory);
    const isCut = region === CUT_REGION;
    const redis = isCut ? this.links[0]!.place : { host: this.redis.host, port: this.redis.port };
    const sites = PLACES.map((place, i) => {
      const front = this.front(i);
      const crosses = isCut !== (place.region === CUT_REGION);
      const servers = WEB_PORTS.map((port) => ({ host: front.host, port }));
      const { good, shown } = this.certificates ?? { good: null, shown: null };
      const tls = place.site === this.subject.site ? shown : good;
      return { front, reached: crosses ? this.links[1 + i]!.place : front, servers, tls };
    });
    const caFile = this.certificates === null ? null : join(this.directory, AUTHORITIES);
    const listen = { host: dnsAddress, port: DNS_PORT };
    const config = { pace: this.pace, id: name, region, listen, sites, hasCapacity: this.#hasCapacity, caFile };
    writeFileSync(join(directory, 'meridian.yaml'), configText({ ...config, redis: this.redis.yaml(redis) }));
    writeFileSync(join(directory, `${ZONE}.zone`), ZONE_TEXT);
    writeFileSync(join(directory, 'clients.networks'), NETWORKS_TEXT);
    const serve = [MAIN, 'serve', '--config', 'meridian.yaml', ...args];
    return new WorldProcess({ name, command: process.execPath, args: serve, directory, ready });
  }
}
