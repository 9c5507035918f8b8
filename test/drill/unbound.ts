// A caching resolver as providers run them: unbound (Debian: unbound), which asks the DNS servers of the drill from an address of its
// own, with or without telling them its clients' networks (RFC 7871).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from '../support/child.ts';
import { WITH_SERVERS } from '../support/paths.ts';
import { eventually } from '../support/patience.ts';
import { type ReservedPort, reservePort } from '../support/reserved-port.ts';

export interface UnboundSettings {
  /** Where its queries come from. */
  readonly from: string;
  readonly tellsNetworks: boolean;
  /** Ports of the servers of `zone`, on 127.0.0.1. */
  readonly servers: readonly number[];
  readonly zone: string;
}

export class Unbound {
  readonly port: number;
  readonly #reserved: ReservedPort;
  readonly #directory: string;
  readonly #child: Child;

  private constructor(reserved: ReservedPort, directory: string, child: Child) {
    this.port = reserved.port;
    this.#reserved = reserved;
    this.#directory = directory;
    this.#child = child;
  }

  static async start(settings: UnboundSettings): Promise<Unbound> {
    const reserved = await reservePort();
    const directory = mkdtempSync(join(tmpdir(), 'meridian-unbound-'));
    const file = join(directory, 'unbound.conf');
    writeFileSync(file, configOf(settings, reserved.port, directory));
    const child = startChild('unbound', ['-d', '-p', '-c', file], { env: WITH_SERVERS });
    const started = (): boolean => /start of service/.test(child.printed('both'));
    await eventually(
      () => {
        if (!child.isRunning()) throw new Error(`unbound does not start:\n${child.printed('both')}`);
        return started();
      },
      () => `unbound does not start:\n${child.printed('both')}`,
    );
    return new Unbound(reserved, directory, child);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
    await this.#reserved.release();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Its own zones for names under `test` are off, and of the loopback networks everybody may ask and be asked. */
const configOf = ({ from, tellsNetworks, servers, zone }: UnboundSettings, port: number, directory: string): string => `
server:
  interface: 127.0.0.1@${port}
  outgoing-interface: ${from}
  access-control: 127.0.0.0/8 allow
  do-ip6: no
  do-not-query-localhost: no
  local-zone: "test." nodefault
  module-config: "${tellsNetworks ? 'subnetcache ' : ''}iterator"
${tellsNetworks ? '  send-client-subnet: 127.0.0.1\n  max-client-subnet-ipv4: 24' : ''}
  num-threads: 1
  username: ""
  chroot: ""
  directory: "${directory}"
  use-syslog: no
  logfile: ""
  verbosity: 1
remote-control:
  control-enable: no
stub-zone:
  name: "${zone}"
${servers.map((server) => `  stub-addr: 127.0.0.1@${server}`).join('\n')}
`;
