// What an operator of the package does under systemd, and what must hold: installed, started, read again, ended from outside, hung,
// misconfigured, given its sockets, upgraded, run role by role, started with the machine, removed.

import { readFileSync } from 'node:fs';
import { runCommand } from '../compose/stack.ts';
import { type Ledger, seconds } from '../drill/ledger.ts';
import { waitFor } from '../drill/wait.ts';
import { askOverTcp, askOverUdp } from '../support/steady-clients.ts';
import * as files from './files.ts';
import type { Machine } from './machine.ts';
import { BROKEN_VERSION, FIRST_VERSION, NEWER_VERSION } from './packages.ts';

const UNIT = 'meridian.service';
const CONFIG = 'etc/meridian/meridian.yaml';
const ZONE = 'etc/meridian/example.test.zone';
const PORT = 53;
/** RestartSec=1 and a start: 2 s on a quiet machine, ten times as long on a busy one. */
const RESTART_LIMIT_MS = 45_000;
const WATCHDOG_LIMIT_MS = 4000 + RESTART_LIMIT_MS;
const PATIENCE_MS = 60_000;
/** Long enough for Restart= to do what it must not, and more. */
const NO_RESTART_MS = 4000;
/** Short, for a question that a hung server has taken along is asked again only then. */
const ANSWER_LIMIT_SEC = 3;
/** Of the query that starts the server, which waits for it. */
const FIRST_ANSWER_LIMIT_SEC = 60;
const CLIENTS = 4;
/** CAP_NET_BIND_SERVICE. */
const BIND_ONLY = 1n << 10n;

export class Proof {
  readonly #machine: Machine;
  readonly #ledger: Ledger;

  constructor(machine: Machine, ledger: Ledger) {
    this.#machine = machine;
    this.#ledger = ledger;
  }

  async run(): Promise<void> {
    await this.#install();
    await this.#confinement();
    await this.#reload();
    await this.#killed();
    await this.#hung();
    await this.#misconfigured();
    await this.#roles();
    await this.#sockets();
    await this.#upgrades();
    await this.#reboot();
    await this.#remove();
  }

  async #install(): Promise<void> {
    this.#ledger.note('the package is installed');
    const { code, stderr } = await this.#machine.run(
      ['apt-get', 'install', '-y', '-q', '--no-install-recommends', '/packages/nodejs.deb', '/packages/first.deb'],
      PATIENCE_MS * 4,
    );
    if (code !== 0) throw new Error(`apt-get install ended with code ${code}: ${stderr}`);
    const { stdout: user } = await this.#machine.run(['getent', 'passwd', 'meridian']);
    this.#holds('the package makes the user meridian, without a shell', /^meridian:.*nologin$/.test(user.trim()), user.trim());
    const state = await this.#state();
    this.#holds('it starts nothing by itself', state === 'inactive', state);
    await this.#machine.must('systemctl', 'enable', '--now', UNIT);
    const text = await this.#text();
    this.#holds('`enable --now` returns when queries are answered', text === 'Meridian answers', text);
    this.#machine.write(CONFIG, files.BY_CAPABILITY);
    this.#machine.write(ZONE, files.zone('one'));
    await this.#machine.must('systemctl', 'restart', UNIT);
    const own = await this.#text();
    this.#holds('so does `restart`, with a configuration of our own', own === 'one', own);
  }

  async #confinement(): Promise<void> {
    const pid = await this.#mainPid();
    const status = await this.#machine.must('cat', `/proc/${pid}/status`);
    const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
    this.#holds('the server is not root', field('Uid') !== '0', `user ${field('Uid')}`);
    this.#holds('its only capability is to open port 53', BigInt(`0x${field('CapEff')}`) === BIND_ONLY, field('CapEff'));
    const isFenced = field('NoNewPrivs') === '1' && field('Seccomp') === '2';
    this.#holds(
      'it gets no new privilege, and its system calls are filtered',
      isFenced,
      `${field('NoNewPrivs')} ${field('Seccomp')}`,
    );
    const maps = await this.#machine.must('cat', `/proc/${pid}/maps`);
    this.#holds('the native addon is loaded in spite of it', maps.includes('packet-io.node'), 'packet-io.node');
    const complaints = await this.#complaints();
    this.#ledger.none(
      'warnings and errors in the journal so far',
      complaints.length,
      complaints.length > 0 ? `: ${complaints[0]}` : '',
    );
    const owner = await this.#machine.must('stat', '-L', '-c', '%U %a', '/var/lib/meridian');
    this.#holds('the state directory is its own, and closed to others', owner === 'meridian 750', owner);
    const { stdout } = await this.#machine.run(['systemd-analyze', 'security', '--no-pager', UNIT]);
    const exposure = /Overall exposure level for \S+ (\d+\.\d+)/.exec(stdout)?.[1] ?? 'unknown';
    this.#ledger.judge('exposure, as `systemd-analyze security` counts it', Number(exposure) < 2.5, exposure, '< 2.5');
    const { code, stderr } = await this.#machine.run(['systemd-analyze', 'verify', '--man=no', UNIT, 'meridian.socket']);
    this.#holds('`systemd-analyze verify` finds nothing', code === 0 && stderr === '', stderr.trim() || 'nothing');
  }

  async #reload(): Promise<void> {
    this.#ledger.note('a zone is changed, then broken');
    const before = await this.#mainPid();
    this.#machine.write(ZONE, files.zone('two'));
    await this.#machine.must('systemctl', 'reload', UNIT);
    this.#holds('`reload` returns when the new zone is served', (await this.#text()) === 'two', await this.#text());
    this.#machine.write(ZONE, files.BROKEN_ZONE);
    const { code } = await this.#machine.run(['systemctl', 'reload', UNIT]);
    this.#holds('`reload` of a broken zone fails', code !== 0, `code ${code}`);
    const journal = await this.#machine.must('journalctl', '-u', UNIT, '-o', 'cat', '--no-pager');
    this.#holds(
      'the journal names file, line and error',
      /example\.test\.zone:8:8: error ERR_/.test(journal),
      'example.test.zone:8:8',
    );
    const isSame = (await this.#text()) === 'two' && (await this.#mainPid()) === before && (await this.#state()) === 'active';
    this.#holds('the old zone is served on, by the same process, and the unit stays active', isSame, await this.#state());
    this.#machine.write(ZONE, files.zone('two'));
    await this.#machine.must('systemctl', 'reload', UNIT);
  }

  async #killed(): Promise<void> {
    const before = await this.#mainPid();
    await this.#signal('KILL', before);
    const tookMs = await waitFor(async () => (await this.#text()) === 'two', PATIENCE_MS);
    this.#ledger.within('killed with SIGKILL: until queries are answered again', tookMs, RESTART_LIMIT_MS);
  }

  async #hung(): Promise<void> {
    await this.#dropIn('meridian.service.d/watchdog.conf', files.QUICK_WATCHDOG);
    await this.#machine.must('systemctl', 'restart', UNIT);
    const before = await this.#mainPid();
    await waitFor(() => false, 2 * NO_RESTART_MS);
    this.#holds('a healthy server outlives the watchdog', (await this.#mainPid()) === before, 'twice WatchdogSec');
    await this.#signal('STOP', before);
    const tookMs = await waitFor(async () => (await this.#text()) === 'two' && (await this.#mainPid()) !== before, PATIENCE_MS);
    this.#ledger.within('stopped with SIGSTOP, WatchdogSec=4: until queries are answered again', tookMs, WATCHDOG_LIMIT_MS);
    await this.#dropIn('meridian.service.d/watchdog.conf', '');
    await this.#machine.must('systemctl', 'restart', UNIT);
  }

  async #misconfigured(): Promise<void> {
    this.#machine.write(CONFIG, files.BY_CAPABILITY.replace('workers', 'wrokers'));
    const { code } = await this.#machine.run(['systemctl', 'restart', UNIT]);
    this.#holds('a restart with a wrong configuration fails', code !== 0, `code ${code}`);
    await waitFor(() => false, NO_RESTART_MS);
    const status = await this.#machine.show(UNIT, 'ExecMainStatus');
    const state = await this.#state();
    this.#holds(
      'and is not tried again, for it does not get better by itself',
      state === 'failed' && status === '2',
      `${state}, exit code ${status}`,
    );
    this.#machine.write(CONFIG, files.BY_CAPABILITY);
    await this.#machine.must('systemctl', 'start', UNIT);
    this.#holds('`start` is enough once it is right', (await this.#text()) === 'two', await this.#text());
  }

  async #roles(): Promise<void> {
    this.#ledger.note('each role as a service of its own, beside it');
    for (const [role, text] of Object.entries(files.ROLES)) {
      const unit = `meridian-${role}.service`;
      await this.#machine.must('systemctl', 'start', unit);
      const skipped = await this.#machine.show(unit, 'ActiveState');
      this.#machine.write(`etc/meridian/${role}.yaml`, text);
      await this.#machine.must('systemctl', 'start', unit);
      const [state, pid] = [await this.#machine.show(unit, 'ActiveState'), await this.#machine.show(unit, 'MainPID')];
      const status = await this.#machine.must('cat', `/proc/${pid}/status`);
      const capabilities = BigInt(`0x${/^CapEff:\s+(\S+)/m.exec(status)?.[1] ?? 'ff'}`);
      const allowed = role === 'site' ? BIND_ONLY : 0n;
      this.#holds(
        `${role}: started only with its file, ready, and privileged no more than it must be`,
        skipped === 'inactive' && state === 'active' && capabilities === allowed,
        `${skipped}, ${state}, capabilities ${capabilities.toString(16)}`,
      );
      await this.#machine.must('systemctl', 'reload', unit);
    }
    const { stdout } = await this.#machine.run(['sh', '-c', 'cat < /dev/null > /dev/tcp/127.0.0.1/80 || true']);
    this.#holds('the site agent listens on port 80', await this.#listens(80), stdout.trim() || 'connected');
    for (const role of Object.keys(files.ROLES)) {
      await this.#machine.must('systemctl', 'stop', `meridian-${role}.service`);
      const result = await this.#machine.show(`meridian-${role}.service`, 'Result');
      this.#holds(`${role}: stopped in order`, result === 'success', result);
    }
  }

  async #sockets(): Promise<void> {
    this.#ledger.note('systemd opens the ports');
    await this.#machine.must('systemctl', 'stop', UNIT);
    this.#machine.write(CONFIG, files.BY_SOCKETS);
    await this.#dropIn('meridian.service.d/capability.conf', files.NO_CAPABILITY);
    await this.#machine.must('systemctl', 'enable', '--now', 'meridian.socket');
    const first = await this.#text(FIRST_ANSWER_LIMIT_SEC);
    this.#holds('the first query starts the server', first === 'two', first);
    const status = await this.#machine.must('cat', `/proc/${await this.#mainPid()}/status`);
    this.#holds('which has no capability at all', /^CapEff:\s+0+$/m.test(status), /^CapEff:\s+(\S+)/m.exec(status)?.[1] ?? '');
    await this.#restartUnderQueries('one socket for all workers');
    await this.#dropIn('meridian.socket.d/workers.conf', files.SOCKET_FOR_EACH_WORKER);
    await this.#machine.must('systemctl', 'stop', UNIT, 'meridian.socket');
    await this.#machine.must('systemctl', 'start', 'meridian.socket', UNIT);
    await this.#restartUnderQueries('a socket for each worker');
  }

  async #restartUnderQueries(title: string): Promise<void> {
    const before = await this.#mainPid();
    await this.#underQueries(
      `${title}: queries lost by \`restart\``,
      () => this.#machine.must('systemctl', 'restart', UNIT),
      true,
    );
    const complaints = await this.#complaints();
    this.#holds(
      `${title}: another process, and no complaint`,
      (await this.#mainPid()) !== before && complaints.length === 0,
      complaints[0] ?? 'none',
    );
  }

  async #upgrades(): Promise<void> {
    this.#ledger.note('a newer package is installed over the running server, then one that cannot start');
    const [before, since] = [await this.#mainPid(), await this.#machine.show(UNIT, 'ActiveEnterTimestampMonotonic')];
    await this.#underQueries('queries lost by `dpkg -i` of a newer version', () => this.#dpkg('newer'));
    const version = await this.#runningVersion();
    this.#holds('the new version runs', version === NEWER_VERSION, `${FIRST_VERSION} -> ${version}`);
    const isOne =
      (await this.#mainPid()) !== before && (await this.#machine.show(UNIT, 'ActiveEnterTimestampMonotonic')) === since;
    this.#holds('as the main process of a unit that was active all the time', isOne, await this.#state());
    const newer = await this.#mainPid();
    let said = '';
    await this.#underQueries('queries lost by `dpkg -i` of one that cannot start', async () => {
      said = await this.#dpkg('broken');
    });
    const isOld = (await this.#mainPid()) === newer && (await this.#state()) === 'active';
    this.#holds('the server that ran goes on', isOld, await this.#state());
    this.#holds('and dpkg says so', said.includes('goes on'), said.split('\n').find((line) => line.includes('goes on')) ?? said);
    await this.#dpkg('newer');
    this.#holds('the good version is put back the same way', (await this.#runningVersion()) === NEWER_VERSION, BROKEN_VERSION);
  }

  async #reboot(): Promise<void> {
    this.#ledger.note('an order is given, and the machine started anew');
    await this.#machine.must('meridian', 'override', 'down', 'web/near', '--reason', 'to be kept', '--config', `/${CONFIG}`);
    await waitFor(async () => (await this.#dig('www', 'A')) === '192.0.2.2', PATIENCE_MS);
    await this.#machine.shutDown();
    await this.#machine.boot();
    const first = await this.#dig('www', 'A');
    this.#holds('the first answer after a reboot obeys the order that was given before', first === '192.0.2.2', first);
    const failed = await this.#machine.must('systemctl', '--failed', '--plain', '--no-legend');
    this.#holds('no unit has failed', failed === '', failed || 'none');
  }

  async #remove(): Promise<void> {
    this.#ledger.note('the package is removed, then purged');
    await this.#machine.must('apt-get', 'remove', '-y', '-q', 'meridian');
    this.#holds('removal stops server and sockets', !(await this.#listens(PORT)), 'port 53 is closed');
    this.#holds('and keeps the configuration', this.#machine.read(CONFIG) === files.BY_SOCKETS, CONFIG);
    const said = await this.#machine.must('apt-get', 'purge', '-y', '-q', 'meridian');
    const left = await this.#machine.must(
      'sh',
      '-c',
      "find / -xdev -path /proc -prune -o -path /packages -prune -o -iname '*meridian*' ! -path '/var/l[oi][gb]/apt/*' -print",
    );
    // Files that the operator wrote are the operator's.
    const ours = left
      .split('\n')
      .filter(
        (path) => path !== '' && !/^\/etc\/(?:meridian|systemd\/system\/meridian\.(?:service|socket)\.d)(?:\/|$)/.test(path),
      );
    this.#ledger.none(
      'files left after a purge, but for those of the operator',
      ours.length,
      ours.length > 0 ? `: ${ours.join(' ')}` : '',
    );
    const failed = await this.#machine.must('systemctl', '--failed', '--plain', '--no-legend');
    this.#holds('no unit has failed', failed === '', failed || said.split('\n').at(-1)!);
  }

  /**
   * Clients ask over UDP and TCP all the time; none may be without an answer. Where `mayEnd`, a connection may end under a question that
   * was on its way when the server closed it: nobody can prevent that, and clients ask again on another (RFC 7766, section 6.2.4).
   */
  async #underQueries(title: string, act: () => Promise<unknown>, mayEnd = false): Promise<void> {
    const clients = [askOverUdp(PORT, CLIENTS), askOverTcp(PORT, CLIENTS)];
    for (const client of clients) await client.more(20);
    const startMs = performance.now();
    await act();
    const tookMs = performance.now() - startMs;
    for (const client of clients) await client.more(20);
    const [udp, tcp] = await Promise.all(clients.map((client) => client.stop()));
    const answered = udp!.answered + tcp!.answered;
    const lost = mayEnd ? udp!.lost : [...udp!.lost, ...tcp!.lost];
    const ended = mayEnd && tcp!.lost.length > 0 ? `; ${tcp!.lost.length} over TCP had to be asked again` : '';
    const isMet = lost.length === 0 && tcp!.lost.length <= CLIENTS;
    this.#ledger.judge(title, isMet, `${lost.length} of ${answered} in ${seconds(tookMs)}${ended}${lost[0] ?? ''}`, '0');
  }

  #holds(title: string, isTrue: boolean, found: string): void {
    this.#ledger.judge(title, isTrue, found, 'so');
  }

  async #dpkg(name: string): Promise<string> {
    const { code, stdout, stderr } = await this.#machine.run(
      ['dpkg', '-i', '--force-downgrade', `/packages/${name}.deb`],
      PATIENCE_MS * 4,
    );
    if (code !== 0) throw new Error(`dpkg -i ${name}.deb ended with code ${code}: ${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  }

  async #dropIn(path: string, text: string): Promise<void> {
    await this.#machine.must('mkdir', '-p', `/etc/systemd/system/${path.split('/')[0]}`);
    this.#machine.write(`etc/systemd/system/${path}`, text);
    await this.#machine.must('systemctl', 'daemon-reload');
  }

  /** The shell's own kill: the machine has only the packages that it must have. */
  #signal(name: string, pid: string): Promise<string> {
    return this.#machine.must('sh', '-c', `kill -${name} ${pid}`);
  }

  #state(): Promise<string> {
    return this.#machine.show(UNIT, 'ActiveState');
  }

  #mainPid(): Promise<string> {
    return this.#machine.show(UNIT, 'MainPID');
  }

  async #runningVersion(): Promise<string> {
    const text = await this.#machine.must('meridian', 'status', '--json', '--config', `/${CONFIG}`);
    return (JSON.parse(text) as { version: string }).version;
  }

  /** Lines of the journal of this start of the unit that are warnings or worse. */
  async #complaints(): Promise<readonly string[]> {
    const invocation = await this.#machine.show(UNIT, 'InvocationID');
    const journal = await this.#machine.must('journalctl', `_SYSTEMD_INVOCATION_ID=${invocation}`, '-o', 'cat', '--no-pager');
    return journal.split('\n').filter((line) => /"level":[456]0|error ERR_|warning ERR_/.test(line));
  }

  async #listens(port: number): Promise<boolean> {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    return ['tcp', 'tcp6', 'udp', 'udp6'].some((table) =>
      readFileSync(`/proc/net/${table}`, 'utf8')
        .split('\n')
        .some((line) => new RegExp(`^\\s*\\d+: \\w+:${hex} .* 0[A7] `).test(line)),
    );
  }

  async #dig(label: string, type: string, waitSec = ANSWER_LIMIT_SEC): Promise<string> {
    const question = [`${label}.example.test`.replace(/^@\./, ''), type];
    const { stdout } = await runCommand(
      ['dig', '+norecurse', '+short', '+tries=1', `+time=${waitSec}`, '@127.0.0.1', ...question],
      process.env,
    );
    return stdout.trim().replaceAll('"', '');
  }

  #text(waitSec?: number): Promise<string> {
    return this.#dig('@', 'TXT', waitSec);
  }
}
