// Checks of PowerDNS (ifportup, ifurlup) to probes. Checks that are the same share one.

import type { Draft, DraftProbe } from './draft.ts';
import { type Check, numberOf, textOf } from './powerdns-plan.ts';

/** PowerDNS waits so long unless told otherwise, in seconds. */
const TIMEOUT_SEC = 2;
const MAX_TIMEOUT_SEC = 60;
/** What is carried over, here or in powerdns-plan.ts. */
const KNOWN = ['selector', 'backupSelector', 'timeout', 'interval', 'minimumFailures', 'stringmatch', 'httpcode'];

export class PowerdnsProbes {
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** The name of the probe; undefined, and reported, if it cannot be carried over. */
  nameOf(check: Check, where: string): string | undefined {
    const probe = check.kind === 'port' ? { tcp: {}, port: check.port } : this.#url(check.url, check, where);
    if (probe === undefined) return undefined;
    const timeoutSec = Math.min(numberOf(check.options.get('timeout')) ?? TIMEOUT_SEC, MAX_TIMEOUT_SEC);
    const intervalSec = Math.max(numberOf(check.options.get('interval')) ?? 5, timeoutSec);
    const failures = numberOf(check.options.get('minimumFailures'));
    const whole: DraftProbe = {
      ...probe,
      interval: `${intervalSec}s`,
      timeout: `${timeoutSec}s`,
      connectTimeout: `${timeoutSec}s`,
      ...(failures === undefined ? {} : { fall: Math.max(1, Math.min(100, failures)) }),
    };
    for (const option of check.options.keys())
      if (!KNOWN.includes(option)) this.#draft.lose(where, `the option ${option} of its check has no counterpart`);
    return this.#draft.shareProbe(whole);
  }

  #url(text: string, { options }: Check, where: string): DraftProbe | undefined {
    const found = /^(https?):\/\/([^/:?#[\]]+)(?::(\d{1,5}))?([/?][^#]*)?/i.exec(text);
    if (found === null) {
      this.#draft.lose(where, `the URL ${text} cannot be checked; its members count as up`);
      return undefined;
    }
    const [, scheme = '', host = '', port, path = '/'] = found;
    const match = textOf(options.get('stringmatch'));
    return {
      http: {
        ...(scheme.toLowerCase() === 'https' ? { scheme: 'https', verify: false } : {}), // certificates are not judged there
        path: path.startsWith('/') ? path : `/${path}`,
        host,
        status: [numberOf(options.get('httpcode')) ?? 200],
        ...(match === undefined ? {} : { body: { text: match } }),
      },
      ...(port === undefined ? {} : { port: Number(port) }),
    };
  }
}
