// Samples of the load: whether they are like the load, and what is kept of it.

import test from 'ava';
import { parseAddress } from '../../../src/base/address.ts';
import { type ClientParts, type LoadUnit, SAMPLE_MAX, SAMPLE_MS } from '../../../src/model/capacity.ts';
import type { ClientAddress } from '../../../src/site/client-network.ts';
import { ClientSample } from '../../../src/site/client-sample.ts';
import { randomOf } from '../../support/balance.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const client = (address: string): ClientAddress => parseAddress(address)!;

function sampleIn(unit: LoadUnit | null, seed = 1) {
  const clock = new ManualClock();
  const sample = new ClientSample(clock, randomOf(seed));
  sample.follow(unit);
  return {
    sample,
    pass: (ms: number): void => clock.advance(ms),
    /** What there is of a period that ends now. */
    end: (): readonly ClientParts[] => {
      clock.advance(SAMPLE_MS);
      return sample.report();
    },
  };
}

const sumOf = (clients: readonly ClientParts[]): number => clients.reduce((sum, { parts }) => sum + parts, 0);

/** Over samples, of all parts those that a network has. */
function shareOf(network: string, samples: readonly (readonly ClientParts[])[]): number {
  const own = samples.flatMap((clients) => clients.filter((one) => one.network === network));
  return sumOf(own) / samples.reduce((sum, clients) => sum + sumOf(clients), 0);
}

/** Three standard deviations of a share that so many parts tell. */
const errorOf = (share: number, parts: number): number => 3 * Math.sqrt((share * (1 - share)) / parts);

const HEAVY = client('192.0.2.1');
const LIGHT = client('2001:db8:1::1');
const RARE = client('198.51.100.9');

for (const requests of [90, 200, 255, 1000, 30_000]) {
  test(`of ${requests} requests a period the networks have the shares in the sample that they have in the load`, (t) => {
    const { sample, end } = sampleIn('requests/s', requests);
    const random = randomOf(requests + 1);
    const samples = Array.from({ length: 60 }, () => {
      for (let i = 0; i < requests; i++) {
        const place = random();
        sample.begun(place < 0.7 ? HEAVY : place < 0.95 ? LIGHT : RARE);
      }
      return end();
    });
    const parts = samples.reduce((sum, clients) => sum + sumOf(clients), 0);
    t.true(parts >= 60 * Math.min(requests, 90), String(parts));
    for (const [network, share] of [
      ['192.0.2.0/24', 0.7],
      ['2001:db8:1::/48', 0.25],
      ['198.51.100.0/24', 0.05],
    ] as const)
      t.true(Math.abs(shareOf(network, samples) - share) < errorOf(share, parts), `${network} ${shareOf(network, samples)}`);
  });
}

test('clients that take turns do not fall into step with the sample', (t) => {
  for (const requests of [256, 1024, 4096, 100_000]) {
    const { sample, end } = sampleIn('requests/s', requests);
    const samples = Array.from({ length: 40 }, () => {
      for (let i = 0; i < requests; i++) sample.begun(i % 2 === 0 ? HEAVY : LIGHT);
      return end();
    });
    const share = shareOf('192.0.2.0/24', samples);
    t.true(Math.abs(share - 0.5) < errorOf(0.5, samples.length * 90), `${requests}: ${share}`);
  }
});

test('where load is octets those count, and one who moves very many has several parts', (t) => {
  const { sample, end } = sampleIn('Mbit/s');
  sample.begun(RARE);
  const samples = Array.from({ length: 40 }, () => {
    for (let i = 0; i < 200; i++) {
      sample.moved(LIGHT, 5000);
      if (i % 20 === 0) sample.moved(HEAVY, 300_000);
    }
    return end();
  });
  t.true(Math.abs(shareOf('192.0.2.0/24', samples) - 0.75) < errorOf(0.75, 40 * 90), String(shareOf('192.0.2.0/24', samples)));
  t.is(shareOf('198.51.100.0/24', samples), 0);
  sample.moved(HEAVY, Number.MAX_SAFE_INTEGER);
  const [only, ...others] = end();
  t.deepEqual(others, []);
  t.true(only!.parts > 90 && only!.parts <= SAMPLE_MAX);
});

test('where load is requests or connections no octets count', (t) => {
  for (const unit of ['requests/s', 'connections'] as const) {
    const { sample, end } = sampleIn(unit);
    sample.begun(HEAVY);
    sample.moved(LIGHT, 1e9);
    t.deepEqual(end(), [{ network: '192.0.2.0/24', parts: 1 }]);
  }
});

test('few requests are all in the sample, the network with the most first, IPv4 behind a socket of IPv6 as IPv4', (t) => {
  const { sample, end } = sampleIn('requests/s');
  for (const address of ['2001:db8:1:2::3', '192.0.2.1', '192.0.2.254', '::ffff:192.0.2.7']) sample.begun(client(address));
  t.deepEqual(end(), [
    { network: '192.0.2.0/24', parts: 3 },
    { network: '2001:db8:1::/48', parts: 1 },
  ]);
});

test('a sample is of the last whole period, and one in which nobody came is empty', (t) => {
  const { sample, pass, end } = sampleIn('requests/s');
  sample.begun(HEAVY);
  pass(SAMPLE_MS - 1);
  t.deepEqual(sample.report(), []);
  pass(1);
  const first = sample.report();
  t.deepEqual(first, [{ network: '192.0.2.0/24', parts: 1 }]);
  pass(SAMPLE_MS - 1);
  sample.begun(LIGHT);
  t.deepEqual(sample.report(), first);
  pass(1);
  sample.begun(RARE); // of the next one, which nobody has asked for yet
  t.deepEqual(sample.report(), [{ network: '2001:db8:1::/48', parts: 1 }]);
  t.deepEqual(end(), [{ network: '198.51.100.0/24', parts: 1 }]);
  t.deepEqual(end(), []);
  sample.begun(HEAVY);
  pass(2 * SAMPLE_MS);
  t.deepEqual(sample.report(), []);
});

test('no sample has more than its most parts, whatever comes', (t) => {
  const { sample, end } = sampleIn('requests/s');
  const random = randomOf(7);
  for (const requests of [1, 128, 129, 255, 256, 257, 5, 100_000, 3000, 0, 400]) {
    for (let i = 0; i < requests; i++) {
      const octets = Uint8Array.from([10, random() * 256, random() * 256, 1]);
      sample.begun({ family: 4, octets });
    }
    const parts = sumOf(end());
    t.true(parts <= Math.min(SAMPLE_MAX, requests), `${requests}: ${parts}`);
  }
});

test('after another unit, or none, nothing of before is left', (t) => {
  const { sample, end } = sampleIn('requests/s');
  sample.begun(HEAVY);
  t.is(end().length, 1);
  sample.begun(HEAVY);
  sample.follow('requests/s');
  t.is(end().length, 1);
  sample.begun(HEAVY);
  sample.follow('Mbit/s');
  t.deepEqual(sample.report(), []);
  t.deepEqual(end(), []);
  sample.moved(HEAVY, 10);
  sample.follow(null);
  sample.begun(HEAVY);
  sample.moved(HEAVY, 10);
  t.deepEqual(end(), []);
});
