// A fresh TCP or TLS connection for one check, destroyed at its end. Never a kept one: a check has to see that the server still
// accepts newcomers, and a connection that stays open goes on working while the listener behind it is long dead.

import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { OUTCOME } from '../model/probe.ts';
import type { Attempt } from './attempt.ts';
import { codeOf, type Finding, finding, findingOfErrno, messageOf, notChecked } from './finding.ts';
import type { Port } from './place.ts';
import { secureContext } from './secure-context.ts';

/** How TLS is to be spoken. */
export interface TlsWish {
  /** For SNI and the certificate; null = the host of the check. */
  readonly serverName: string | null;
  readonly verify: boolean;
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
  readonly alpn?: readonly string[];
}

/** Connects and calls `ready`; a failure before or behind it ends the attempt. */
export function openTcp(attempt: Attempt, { address, port, family }: Port, ready: (socket: Socket) => void): void {
  attempt.connecting();
  const socket = connect({ host: address, port, noDelay: true });
  attempt.onEnd(() => socket.destroy());
  // Heard for ever: a second failure of a destroyed socket must not go unheard.
  socket.on('error', (error) => attempt.end(findingOfErrno(error, family) ?? finding(OUTCOME.UNREACHABLE, messageOf(error))));
  socket.once('connect', () => {
    attempt.connected();
    if (!attempt.isOver) ready(socket);
  });
}

/** Connects, shakes hands and calls `ready` with the socket and the certificate's remaining time in days (null = unknown). */
export function openTls(
  attempt: Attempt,
  place: Port,
  wish: TlsWish,
  ready: (socket: TLSSocket, daysLeft: number | null) => void,
): void {
  const context = secureContext(wish);
  if (!context.ok) {
    attempt.end(notChecked(context.error));
    return;
  }
  openTcp(attempt, place, (tcp) => {
    attempt.stage('TLS handshake');
    tcp.removeAllListeners('error');
    tcp.on('error', () => {}); // reported by the TLS socket
    const name = wish.serverName ?? place.host;
    const socket = connectTls({
      socket: tcp,
      secureContext: context.value,
      // What the certificate must name; an address cannot stand in SNI (RFC 6066 section 3).
      host: name,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: wish.verify,
      ...(wish.alpn === undefined ? {} : { ALPNProtocols: [...wish.alpn] }),
    });
    attempt.onEnd(() => socket.destroy());
    let isSecure = false;
    socket.on('error', (error) => attempt.end(isSecure ? findingOfStream(error, place) : findingOfHandshake(error, place)));
    socket.once('secureConnect', () => {
      isSecure = true;
      if (!attempt.isOver) ready(socket, daysLeft(socket));
    });
  });
}

/** What an error on an open stream says, if nobody who speaks its protocol has a better word. */
export const findingOfStream = (error: unknown, { family }: Port): Finding =>
  findingOfErrno(error, family) ?? finding(OUTCOME.PROTOCOL, messageOf(error));

/** Errors of OpenSSL by which a peer shows that it does not speak TLS at all. */
const NOT_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE|INVALID_CONTENT/;

function findingOfHandshake(error: Error, { family }: Port): Finding {
  const code = codeOf(error);
  if (NOT_TLS.test(`${code} ${error.message}`)) return finding(OUTCOME.PROTOCOL, 'what came back is not TLS');
  return findingOfErrno(error, family) ?? finding(OUTCOME.TLS, `TLS: ${explain(code, error)}`);
}

/** Messages of OpenSSL start with its own line numbers. */
function explain(code: string, error: Error): string {
  const reason = (error as Error & { readonly reason?: string }).reason;
  if (code.endsWith('_CERT_ALTNAME_INVALID')) return `wrong name: ${reason ?? error.message}`;
  return (reason ?? error.message).replace(/^[0-9A-F]+:/, '');
}

const DAY_MS = 86_400_000;

function daysLeft(socket: TLSSocket): number | null {
  const untilMs = Date.parse(socket.getPeerCertificate().valid_to ?? '');
  return Number.isNaN(untilMs) ? null : Math.floor((untilMs - Date.now()) / DAY_MS);
}

/** `; certificate expires in 6 days` while that is at most `warningDays` away. */
export function expiryNote(days: number | null, warningDays: number): string {
  if (days === null || days > warningDays) return '';
  return days < 0 ? '; certificate has expired' : `; certificate expires in ${days} ${days === 1 ? 'day' : 'days'}`;
}
