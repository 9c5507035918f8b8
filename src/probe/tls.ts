// Check `tls`: the server completes a handshake, with a certificate that holds if that is asked for. Nothing is sent inside.

import { type CheckKind, OUTCOME } from '../model/probe.ts';
import { attempt, type Limits } from './attempt.ts';
import type { Finding } from './finding.ts';
import type { Port } from './place.ts';
import { expiryNote, openTls } from './stream.ts';

export function checkTls(place: Port, check: Extract<CheckKind, { kind: 'tls' }>, limits: Limits): Promise<Finding> {
  return attempt(limits, (frame) =>
    openTls(frame, place, check, (socket, daysLeft) => {
      frame.finish(OUTCOME.OK, `${socket.getProtocol() ?? 'TLS'}${expiryNote(daysLeft, check.expiryWarningDays)}`);
    }),
  );
}
