// A front of layer 7 by itself, as bench/site.ts measures it. Arguments: its port, the port of the one server behind it.

import { systemClock } from '../src/base/clock.ts';
import { ClientSample } from '../src/site/client-sample.ts';
import { HttpFront } from '../src/site/l7/http-front.ts';
import { serverOf } from '../test/support/balance.ts';
import { serviceOf } from '../test/support/site.ts';
import { settingsOf } from '../test/support/site-http.ts';

const [port, serverPort] = process.argv.slice(2).map(Number);
const service = serviceOf([serverOf('s', { port: serverPort! })]);
const sample = new ClientSample(systemClock);
sample.follow('requests/s');
const services = new Map([['web', service]]);
const opened = await HttpFront.open(settingsOf({ port: port! }), services, systemClock, undefined, null, undefined, sample);
if (!opened.ok) throw new Error(opened.error[0]!.message);
