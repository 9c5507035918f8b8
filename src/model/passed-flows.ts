// What an agent leaves to its successor beside its UDP sockets (app/process/handover): which server has which client, and the replies
// that come after it has let go of the sockets.

import type { PassedSocket } from './passed-socket.ts';

/** Clients whose datagrams one server has. */
export interface FlowGroup {
  /** Of the listener. */
  readonly address: string;
  readonly port: number;
  readonly service: string;
  readonly server: string;
  /** Each as `ADDRESS PORT`. */
  readonly clients: readonly string[];
}

/** A reply of a server, to be sent to its client from the address of the listener. */
export interface LateReply {
  /** Of the listener. */
  readonly address: string;
  readonly port: number;
  /** `ADDRESS PORT`. */
  readonly client: string;
  readonly message: Uint8Array;
}

/** The side of the predecessor: to whom it leaves them. */
export interface FlowHeir {
  /** False: it was dropped. */
  reply(reply: LateReply): boolean;
}

/** The side of the successor. */
export interface PassedFlows {
  /** The descriptor of the UDP socket that is bound there already, to be used and closed by who asks; undefined = open one. */
  readonly take: PassedSocket;
  /** Calls `begin` in the moment in which the predecessor reads from them no more, with the flows that it had, and before any reply. */
  whenReleased(begin: (groups: readonly FlowGroup[]) => void): void;
  /** Calls `send` with each reply that still comes to the predecessor for clients of this listener. */
  hear(address: string, port: number, send: (reply: LateReply) => void): void;
}
