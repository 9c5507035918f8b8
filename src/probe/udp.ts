// Check `udp`: something is sent, and something comes back. The socket is connected, so the kernel passes only what the target
// itself sent, and reports a closed port. Sent once more when half of the time has passed: one lost datagram is no fault.

import { createSocket } from 'node:dgram';
import { type CheckKind, OUTCOME } from '../model/probe.ts';
import { attempt, type Limits } from './attempt.ts';
import { type Finding, findingOfErrno, messageOf, notChecked } from './finding.ts';
import type { Port } from './place.ts';

export function checkUdp(place: Port, check: Extract<CheckKind, { kind: 'udp' }>, limits: Limits): Promise<Finding> {
  return attempt(limits, (frame) => {
    frame.stage('waiting for a reply');
    const socket = createSocket(place.family === 4 ? 'udp4' : 'udp6');
    const send = (): void => {
      if (!frame.isOver) socket.send(check.send);
    };
    const resend = setTimeout(send, limits.timeoutMs / 2);
    frame.onEnd(() => {
      clearTimeout(resend);
      socket.close();
    });
    socket.on('error', (error) => frame.end(findingOfErrno(error, place.family) ?? notChecked(messageOf(error))));
    socket.on('message', (octets) => {
      const isExpected = check.expect === null || octets.includes(Buffer.from(check.expect));
      if (isExpected) frame.finish(OUTCOME.OK, `${octets.length} octets came back`);
      else frame.finish(OUTCOME.BAD_CONTENT, `${octets.length} octets came back, without what is expected`);
    });
    socket.once('connect', send);
    socket.connect(place.port, place.address);
  });
}
