// What the control thread and the workers say to each other. Images travel as shared memory: nothing is copied.

import type { Problem } from '../../base/errors.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { ServerSettings } from '../../model/snapshot.ts';
import type { TransferSettings } from '../../model/transfer.ts';
import type { SharedLimits } from '../../responder/admission.ts';
import type { Sharing } from '../../transport/packet-io.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import type { TcpRoom } from './open-files.ts';

/** Which answers workers copy for the control thread (responder/tap.ts), and where to: a ring for each worker. */
export interface TapPlan {
  readonly rings: readonly SharedArrayBuffer[];
  /** By policy number, after that of replies that no policy decides. */
  readonly oneIn: readonly number[];
  /** Of one worker. */
  readonly perSecond: number;
}

/** The three images that answers come from. */
export interface Images {
  /** Grows with every change to any of them. */
  readonly generation: number;
  readonly zones: readonly SharedArrayBuffer[];
  /** By zone, whether it uses client subnets. */
  readonly usesEcs: readonly boolean[];
  readonly geo: SharedArrayBuffer;
  readonly steering: SharedArrayBuffer;
  /** Where workers count what they answered, by class (metrics/asked.ts). */
  readonly asked: SharedArrayBuffer;
  /** Likewise by member: the first one of each answer. */
  readonly given: SharedArrayBuffer;
  /** Secrets of DNS Cookies, the one that signs first. */
  readonly cookieSecrets: readonly Uint8Array[];
  readonly transfer: TransferSettings;
  /** Which answers are told one by one; null = none. */
  readonly tap: TapPlan | null;
}

/** The memory of `images` that is shared. */
export const buffersOf = ({ zones, geo, steering, asked, given, tap }: Images): readonly SharedArrayBuffer[] => [
  ...zones,
  geo,
  steering,
  asked,
  given,
  ...(tap?.rings ?? []),
];

/** workerData of a DNS worker, which lives as long as the thread. The images come after it, as the first message. */
export interface WorkerStart {
  readonly settings: ServerSettings;
  /** Null = told in a message `listen`, once the first worker has them: a port that the system chooses is chosen once. */
  readonly endpoints: readonly Endpoint[] | null;
  /** Who else may have the ports. */
  readonly sharing: Sharing;
  /** By endpoint: this worker's share of the sockets that the process inherited. */
  readonly inherited: readonly InheritedSockets[];
  /** What each TCP listener may hold. */
  readonly tcpRoom: TcpRoom;
  /** What the rate limits of all workers share; null if nothing is limited. */
  readonly limits: SharedLimits | null;
  /** Counters of all workers, and the row that is this worker's own. */
  readonly counters: SharedArrayBuffer;
  readonly row: number;
}

export type ToWorker =
  | { readonly kind: 'listen'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'install'; readonly images: Images }
  /** The steering image alone; everything else stays. */
  | { readonly kind: 'steer'; readonly generation: number; readonly steering: SharedArrayBuffer }
  | { readonly kind: 'close' }
  /** Whoever lives says so. */
  | { readonly kind: 'ping'; readonly number: number }
  /** Another process reads the same sockets: TCP connections end when they are idle, all within `drainMs`. */
  | { readonly kind: 'retire'; readonly idleMs: number; readonly drainMs: number };

export type FromWorker =
  | { readonly kind: 'listening'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'installed'; readonly generation: number }
  | { readonly kind: 'pong'; readonly number: number };
