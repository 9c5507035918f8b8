// What both versions of HTTP are asked for, and how they hand over a reply whose body may still be on its way.

import type { HttpCheck, Judgement } from './http-reply.ts';
import type { Port } from './place.ts';

/** One request and how its reply is handed over. */
export interface HttpRequest {
  readonly check: HttpCheck;
  readonly place: Port;
  readonly url: URL;
  /** Name for SNI and the certificate, without the port. */
  readonly serverName: string;
}

export interface HttpReply {
  readonly status: number;
  readonly location: string | undefined;
  /** Of the certificate; null without TLS. */
  readonly daysLeft: number | null;
  /** Reads the body as far as it is needed. */
  judge(done: (judgement: Judgement) => void): void;
  /** Closes the connection; what happens to it after that is no fault. */
  leave(): void;
}
