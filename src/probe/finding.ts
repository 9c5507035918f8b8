// What a check concludes, and how errors of sockets and TLS become outcomes. The line between the target's fault and the
// prober's own is drawn here: whoever lacks descriptors, memory, permission or a whole address family has seen nothing.

import { networkInterfaces } from 'node:os';
import type { Family } from '../base/address.ts';
import { OUTCOME, type Outcome } from '../model/probe.ts';

export interface Finding {
  readonly outcome: Outcome;
  /** One line for people; `finding` shortens it. */
  readonly detail: string;
  /** As far as the check keeps it. */
  readonly body?: string;
}

const MAX_DETAIL = 200;

/** A finding whose detail is one line of printable characters, whatever a peer has put into it. */
export function finding(outcome: Outcome, detail: string): Finding {
  const line = detail.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return { outcome, detail: line.length > MAX_DETAIL ? `${line.slice(0, MAX_DETAIL - 3)}...` : line };
}

/** Errors that a target causes, by errno. */
const OF_TARGET: Readonly<Record<string, readonly [Outcome, string]>> = {
  ECONNREFUSED: [OUTCOME.REFUSED, 'connection refused'],
  ETIMEDOUT: [OUTCOME.TIMEOUT, 'connection timed out'],
  EHOSTUNREACH: [OUTCOME.UNREACHABLE, 'no route to host'],
  ENETUNREACH: [OUTCOME.UNREACHABLE, 'network unreachable'],
  EHOSTDOWN: [OUTCOME.UNREACHABLE, 'host is down'],
  ECONNRESET: [OUTCOME.RESET, 'connection reset'],
  ECONNABORTED: [OUTCOME.RESET, 'connection aborted'],
  EPIPE: [OUTCOME.RESET, 'connection closed while sending'],
};

/** Errors of our own machine: limits, permissions, no free port. */
const OWN: Readonly<Record<string, string>> = {
  EMFILE: 'too many open descriptors',
  ENFILE: 'too many open descriptors on this machine',
  ENOMEM: 'out of memory',
  ENOBUFS: 'out of buffers',
  EAGAIN: 'out of processes or ports',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EADDRNOTAVAIL: 'no local address or port is free',
  EAFNOSUPPORT: 'address family not supported',
  EINVAL: 'not possible from here',
};

/** What the failure of a socket says; undefined if its code is not one of an operating system. */
export function findingOfErrno(error: unknown, family: Family): Finding | undefined {
  const code = codeOf(error);
  const known = OF_TARGET[code];
  if (known !== undefined) {
    const isNoRoute = code === 'ENETUNREACH' || code === 'EHOSTUNREACH';
    if (isNoRoute && !hasFamily(family)) return notChecked(`this prober has no IPv${family} address`);
    return finding(known[0], known[1]);
  }
  return OWN[code] === undefined ? undefined : notChecked(OWN[code]);
}

export const notChecked = (why: string): Finding => finding(OUTCOME.NOT_CHECKED, `not checked: ${why}`);

export const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? '');

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether this machine has an address of the family with which others can be reached. */
function hasFamily(family: Family): boolean {
  const isUsable = (address: string, isInternal: boolean): boolean => !isInternal && !/^fe[89ab]/i.test(address);
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some(({ family: found, address, internal }) => found === `IPv${family}` && isUsable(address, internal)),
  );
}
