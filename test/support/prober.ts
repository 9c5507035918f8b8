// Sends octets to a server and tells what came back, or that nothing did, without waiting for a clock: behind each message goes
// a plain query, and once that is answered the message has been dealt with.

import { createSocket } from 'node:dgram';
import { frame, idOf } from './dns-octets.ts';
import { queryOctets } from './query-octets.ts';
import { StreamClient } from './stream-client.ts';

/** Id of the plain query; messages must have another. */
const LAST_ID = 0xfffe;
const LAST = queryOctets({ id: LAST_ID, name: 'mail.example.test.', type: 'A' });
/** A lost datagram is sent again after this. */
const RESEND_MS = 2000;

/** All replies to one datagram, in order. */
export function askUdp(port: number, message: Uint8Array): Promise<Uint8Array[]> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    const replies: Uint8Array[] = [];
    const send = (): void => {
      socket.send(message);
      socket.send(LAST);
    };
    const timer = setInterval(send, RESEND_MS);
    socket.on('error', reject);
    socket.on('message', (reply) => {
      if (idOf(reply) !== LAST_ID) {
        replies.push(reply);
        return;
      }
      clearInterval(timer);
      socket.close();
      resolve(replies);
    });
    socket.connect(port, '127.0.0.1', send);
  });
}

/** The reply to one framed message, undefined if there is none; and whether the connection goes on behind it. */
export async function askTcp(port: number, message: Uint8Array): Promise<{ reply: Uint8Array | undefined; isOpen: boolean }> {
  const client = await StreamClient.open(port);
  try {
    await client.send(Buffer.concat([frame(message), frame(LAST)]));
    const reply = await client.receive();
    const last = await client.receive();
    return { reply, isOpen: last !== undefined && idOf(last) === LAST_ID };
  } finally {
    client.close();
  }
}
