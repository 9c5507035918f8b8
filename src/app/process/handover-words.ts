// What a server and its successor say to each other over the channel between them. The two may be of different releases: a field that
// one does not know is left alone, one that is missing means "nothing".

import type { Problem } from '../../base/errors.ts';
import type { FlowGroup, LateReply } from '../../model/passed-flows.ts';

/** What goes from one process to the next beside its sockets and its state directory. */
export interface Legacy {
  /** By name of metrics/counters: all that has been counted since the first of them started. */
  readonly counters: Readonly<Record<string, number>>;
  /** base64 of the random secrets of DNS Cookies, the one that signs first; empty if they come from a file or are off. */
  readonly cookieSecrets: readonly string[];
  /** What checks have said of the servers inside sites. */
  readonly seen: readonly SeenServer[];
}

export interface SeenServer {
  readonly site: string;
  readonly service: string;
  readonly server: string;
  readonly seen: { readonly isUp: boolean; readonly why: string };
}

export type FromSuccessor =
  /** Configuration and data are read and good: the state may be handed over. */
  | { readonly kind: 'prepared' }
  /** Everything listens; whatever comes may be answered by either. */
  | { readonly kind: 'ready' }
  /** The service manager knows, and the control socket is ours. */
  | { readonly kind: 'taken' }
  /** Why it cannot; it ends. */
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

export type FromPredecessor =
  /** The state directory is yours. */
  | { readonly kind: 'go'; readonly legacy: Legacy }
  /** I shall not go on. */
  | { readonly kind: 'commit' }
  /** I read no more datagrams of sites; these are the clients that I had. */
  | { readonly kind: 'flows'; readonly groups: readonly FlowGroup[] }
  /** For you to send. `message` is base64. */
  | ({ readonly kind: 'reply'; readonly message: string } & Omit<LateReply, 'message'>)
  /** The last connection has ended; what was counted until then. */
  | { readonly kind: 'done'; readonly counters: Legacy['counters'] };
