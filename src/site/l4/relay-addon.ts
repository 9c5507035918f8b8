// The native relay (native/relay): what it offers. Without it connections are relayed over node:net.

import { type AddonStatus, loadAddon } from '../../addon/load.ts';

/** Octets of an event: four int32 (what, which passage, detail, more), a double, 16 octets of an address or of a fifth int32. */
export const EVENT_SIZE = 40;

/** `Happening` in native/relay/core/relay.h, which says what goes with each. */
export const HAPPENING = {
  accepted: 1,
  readable: 2,
  connected: 3,
  connectFailed: 4,
  moved: 5,
  over: 6,
  shed: 7,
} as const;

/** `Ending` there. */
export const ENDING = { idle: 1, stalled: 2 } as const;

/** Commands for a passage that is over do nothing; what a command brings about is told by an event. */
export interface NativeRelay {
  /** Accepts from a listening socket, which stays the caller's. 0 or a negative errno. */
  listen(fd: number): number;
  /** To be called before that socket is closed. */
  stopListening(): void;
  connect(
    passage: number,
    address: string,
    port: number,
    first: Uint8Array | null,
    idleTimeoutMs: number,
    stallTimeoutMs: number,
  ): void;
  abandon(passage: number): void;
  /** 0: nothing is there, an event will tell. -1: the client has ended. */
  read(passage: number): Buffer | 0 | -1;
  finish(passage: number, last: Uint8Array): void;
  reset(passage: number): void;
  /** 4 or 16 octets of an address and two of the port; empty: the client is gone. */
  localName(passage: number): Buffer;
  look(): void;
  /** Puts the oldest events into memory; returns how many. */
  takeEvents(): number;
  /** Resets all that there is. */
  close(): void;
}

export interface RelayAddon {
  /** `turn` is called when there are events. Null: the system does not give what it needs. */
  open(memory: ArrayBuffer, turn: () => void): NativeRelay | null;
  /** Another descriptor of a socket, the caller's; or a negative errno. */
  duplicate(fd: number): number;
}

/** The addon, or why it is not used. */
export const relayStatus: AddonStatus<RelayAddon> = loadAddon<RelayAddon>('relay', { open: true, duplicate: true });

/** Null = it is not used. */
export const relayAddon: RelayAddon | null = relayStatus.addon ?? null;
