// Health checks of Route 53 to probes. A check there has an address of its own; here the probe says how and the member says where, so checks
// that differ only in address become one probe. Its pace and threshold are kept.

import type { Draft, DraftMember, DraftProbe } from './draft.ts';
import { number, text } from './fields.ts';
import type { HealthCheck } from './route53-input.ts';

const DEFAULT_INTERVAL_SEC = 30;
const DEFAULT_THRESHOLD = 3;

export interface Checked {
  readonly probe: string;
  readonly check: NonNullable<DraftMember['check']>;
}

export class Route53Health {
  readonly #draft: Draft;
  readonly #checks: ReadonlyMap<string, HealthCheck>;

  constructor(draft: Draft, checks: readonly HealthCheck[]) {
    this.#draft = draft;
    this.#checks = new Map(checks.map((check) => [check.id, check]));
  }

  /** How and where a check looks; undefined, and reported, if it cannot be carried over. */
  of(id: string | undefined, where: string): Checked | undefined {
    if (id === undefined) return undefined;
    const found = this.#checks.get(id);
    if (found === undefined) {
      this.#draft.lose(
        where,
        `health check ${id} is not in the files; what it guards counts as up (add the output of list-health-checks)`,
      );
      return undefined;
    }
    const { config } = found;
    const probe = this.#probe(config, `health check ${id}`);
    if (probe === undefined) return undefined;
    const host = text(config['IPAddress']) ?? text(config['FullyQualifiedDomainName']);
    const port = number(config['Port']);
    return {
      probe: this.#draft.shareProbe(probe),
      check: { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
    };
  }

  #probe(config: HealthCheck['config'], where: string): DraftProbe | undefined {
    const type = text(config['Type']) ?? '';
    if (!/^(?:HTTPS?(?:_STR_MATCH)?|TCP)$/.test(type)) {
      this.#draft.lose(where, `type ${type || '(none)'} has no counterpart; what it guards counts as up`);
      return undefined;
    }
    for (const flag of ['Inverted', 'Disabled'])
      if (config[flag] === true) {
        this.#draft.lose(where, `${flag} has no counterpart; what it guards counts as up`);
        return undefined;
      }
    const interval = number(config['RequestInterval']) ?? DEFAULT_INTERVAL_SEC;
    const threshold = number(config['FailureThreshold']) ?? DEFAULT_THRESHOLD;
    const pace = {
      interval: `${interval}s`,
      transitionInterval: `${interval}s`,
      // Four seconds to connect and two for the reply; ten for TCP (Route 53 Developer Guide, "How Route 53 determines ... healthy").
      timeout: type === 'TCP' ? '10s' : '6s',
      connectTimeout: type === 'TCP' ? '10s' : '4s',
      rise: threshold,
      fall: threshold,
    };
    if (type === 'TCP') return { tcp: {}, ...pace };
    const search = text(config['SearchString']);
    const host = text(config['IPAddress']) === undefined ? undefined : text(config['FullyQualifiedDomainName']);
    const http = {
      ...(type.startsWith('HTTPS') ? { scheme: 'https', verify: false } : {}), // certificates are not judged there
      path: text(config['ResourcePath']) ?? '/',
      ...(host === undefined ? {} : { host }),
      status: ['200-399'],
      ...(type.endsWith('_STR_MATCH') && search !== undefined ? { body: { text: search } } : {}),
    };
    return { http, ...pace };
  }
}
