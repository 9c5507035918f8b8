// gdnsd's service types to probes. Kept is the pace: the same interval in every state, and the thresholds; what differs is reported.
// Defaults and bounds: gdnsd.config(5), "SERVICE_TYPES".

import type { Draft, DraftProbe } from './draft.ts';
import { at, inherited, isTrue, listOf, placeOf, type Scope, textAt } from './gdnsd-tree.ts';
import type { Vscf } from './vscf.ts';

const DEFAULT_INTERVAL_SEC = 10;
const DEFAULT_UP_THRESH = 20;
const DEFAULT_DOWN_THRESH = 10;
/** Most successes or failures in a row that a probe can ask for. */
const MAX_IN_A_ROW = 100;
/** Longest time for a connection, in seconds, unless the whole check has less. */
const CONNECT_SEC = 2;
const NOT_CHECKED = ['up', 'none', 'default'];

export class GdnsdProbes {
  readonly #draft: Draft;
  readonly #types: Vscf | undefined;
  readonly #file: string;
  /** Service type -> probe; undefined for one that has no counterpart. */
  readonly #names = new Map<string, string | undefined>();

  constructor(draft: Draft, file: string, config: Vscf) {
    this.#draft = draft;
    this.#types = at(config, 'service_types');
    this.#file = file;
  }

  /** The name of the probe of a resource; undefined if it is not checked. */
  probeOf(scope: Scope, where: string): string | undefined {
    const setting = inherited(scope, 'service_types');
    const wanted = listOf(setting).filter((name) => !NOT_CHECKED.includes(name) || at(this.#types, name) !== undefined);
    const [first, ...others] = wanted;
    if (first === undefined) return undefined;
    if (others.length > 0) this.#draft.lose(where, `several service types; only ${first} is checked, not ${others.join(', ')}`);
    if (!this.#names.has(first)) {
      const probe = this.#probe(first);
      this.#names.set(first, probe === undefined ? undefined : this.#draft.addProbe(first, probe));
    }
    return this.#names.get(first);
  }

  #probe(name: string): DraftProbe | undefined {
    const type = at(this.#types, name);
    const where = placeOf(this.#file, type, `service type ${name}`);
    const kind = this.#kind(name, type, where);
    if (kind === undefined) return undefined;
    const number = (key: string, otherwise: number): number => Number(textAt(type, key) ?? otherwise);
    const interval = number('interval', DEFAULT_INTERVAL_SEC);
    const timeout = number('timeout', Math.max(1, Math.floor(interval / 2)));
    const [up, down] = [number('up_thresh', DEFAULT_UP_THRESH), number('down_thresh', DEFAULT_DOWN_THRESH)];
    if (Math.max(up, down) > MAX_IN_A_ROW) this.#draft.lose(where, `thresholds above ${MAX_IN_A_ROW} are ${MAX_IN_A_ROW} now`);
    this.#draft.lose(
      where,
      `down after ${Math.min(down, MAX_IN_A_ROW)} failures in a row; gdnsd also counts failures with successes between them (ok_thresh)`,
    );
    return {
      ...kind,
      interval: `${interval}s`,
      transitionInterval: `${interval}s`,
      timeout: `${Math.min(timeout, interval, 60)}s`,
      connectTimeout: `${Math.min(CONNECT_SEC, timeout, interval)}s`,
      rise: Math.min(up, MAX_IN_A_ROW),
      fall: Math.min(down, MAX_IN_A_ROW),
    };
  }

  #kind(name: string, type: Vscf | undefined, where: string): DraftProbe | undefined {
    const plugin = textAt(type, 'plugin');
    const port = textAt(type, 'port');
    switch (plugin) {
      case 'http_status': {
        const vhost = textAt(type, 'vhost');
        const codes = listOf(at(type, 'ok_codes')).map((code) => (/^\d{3}$/.test(code) ? Number(code) : code));
        return {
          http: {
            path: textAt(type, 'url_path') ?? '/',
            ...(vhost === undefined ? {} : { host: vhost }),
            status: codes.length > 0 ? codes : [200],
          },
          ...(port === undefined ? {} : { port: Number(port) }),
        };
      }
      case 'tcp_connect':
        if (port !== undefined) return { tcp: {}, port: Number(port) };
        this.#draft.lose(where, 'tcp_connect without a port; it is not checked');
        return undefined;
      case 'extmon': {
        const argv = listOf(at(type, 'cmd')).map((word) => word.replaceAll(/%%(?:ITEM|IPADDR|ADDR|CNAME)%%/g, '{address}'));
        if (argv.length === 0) return undefined;
        this.#draft.lose(where, `the program ${argv[0]} must be on every prober`);
        if (isTrue(textAt(type, 'direct'))) this.#draft.lose(where, 'direct is not known here');
        return { exec: { argv } };
      }
      case 'static':
        if ((textAt(type, 'state') ?? 'UP').toUpperCase() === 'UP') return undefined;
    }
    const what =
      plugin === undefined ? (name === 'down' ? 'a constant "down"' : 'a type that is not defined') : `plugin ${plugin}`;
    this.#draft.lose(
      where,
      `${what} has no counterpart; members are not checked and count as up (meridian override down forces them)`,
    );
    return undefined;
  }
}
