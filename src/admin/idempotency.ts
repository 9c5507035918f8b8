// Replies to requests with an Idempotency-Key: who did not hear the reply asks again with the same key and gets it, and nothing is
// done twice. Kept in memory: after a restart the same order given again replaces the former one anyway.

import { createHash } from 'node:crypto';
import { refusal } from './problems.ts';

const KEPT = 1000;

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class Idempotency {
  readonly #known = new Map<string, { readonly request: string; reply: Reply | null }>();

  /** The reply that was given to this request before; undefined if it is new, and then it is under way. Throws a Refusal. */
  begin(key: string, request: readonly string[]): Reply | undefined {
    const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const known = this.#known.get(key);
    if (known === undefined) {
      if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value!);
      this.#known.set(key, { request: hash, reply: null });
      return undefined;
    }
    if (known.request !== hash) {
      throw refusal('ERR_API_REPEATED', 'the Idempotency-Key was used for another request; take a new one');
    }
    if (known.reply === null) throw refusal('ERR_API_REPEATED', 'the request with this Idempotency-Key is still under way');
    return known.reply;
  }

  /** Failures of the server are not kept: the next try may succeed. */
  end(key: string, reply: Reply): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    if (reply.status >= 500 || reply.status === 429) this.#known.delete(key);
    else known.reply = reply;
  }
}
