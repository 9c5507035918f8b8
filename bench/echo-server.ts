// The least that node:dgram can do: set the QR bit of a datagram and send it back. The yardstick of bench/dgram-echo.ts,
// which starts it. One argument: the port on 127.0.0.1.

import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (message, { port, address }) => {
  message[2]! |= 0x80;
  socket.send(message, port, address);
});
socket.bind(Number(process.argv[2]), '127.0.0.1');
