// A front of layer 4 by itself, as bench/site-l4.ts measures it. Arguments: its port, the port of the one server behind it.

import { systemClock } from '../src/base/clock.ts';
import { ClientSample } from '../src/site/client-sample.ts';
import { relayAddon } from '../src/site/l4/relay-addon.ts';
import { TcpFront } from '../src/site/l4/tcp-front.ts';
import { ListeningPort } from '../src/site/listening.ts';
import { serverOf } from '../test/support/balance.ts';
import { FRONT, serviceOf } from '../test/support/site.ts';

const [port, serverPort] = process.argv.slice(2).map(Number);
const settings = { ...FRONT, port: port!, mostConnections: 100_000, mostConnectionsPerClient: 100_000 };
const listening = await ListeningPort.open(settings);
if (!listening.ok) throw new Error(listening.error.message);
const sample = new ClientSample(systemClock);
sample.follow('connections');
const service = serviceOf([serverOf('s', { port: serverPort! })]);
new TcpFront(settings, service, systemClock, listening.value, relayAddon, undefined, sample).begin();
