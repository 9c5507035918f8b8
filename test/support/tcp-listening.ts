// TCP listeners of unit tests: bounded as tests want it, with a clock that the test moves.

import type { ExecutionContext } from 'ava';
import { COUNTER, type CounterName } from '../../src/metrics/counters.ts';
import { TcpListener, type TcpOptions } from '../../src/transport/tcp.ts';
import { frame, idOf, query, turnRound } from './dns-octets.ts';
import { ManualClock } from './manual-clock.ts';
import { StreamClient } from './stream-client.ts';
import { until } from './until.ts';

export const LIMITS = { maxConnections: 16, maxConnectionsPerAddress: 16, idleTimeoutMs: 10_000, messageTimeoutMs: 2_000 };

/** Time in which a new connection may stay silent outside the limits. */
export const ARRIVAL_MS = 100;
/** Longer than from one sweep to the next. */
export const STANDSTILL_MS = 300;

export async function listen(t: ExecutionContext, options: Partial<TcpOptions> = {}) {
  const counters = new Float64Array(Object.keys(COUNTER).length);
  const clock = new ManualClock();
  const endpoint = { address: '127.0.0.1', port: 0 };
  const result = await TcpListener.listen({ endpoint, respond: turnRound(), limits: LIMITS, clock, counters, ...options });
  if (!result.ok) throw new Error(result.error.message);
  const listener = result.value;
  t.teardown(() => listener.close(0));
  return {
    listener,
    clock,
    /** Lets connections that have said nothing yet count like others. */
    settle: (): void => {
      clock.advance(ARRIVAL_MS);
      listener.sweep();
    },
    count: (name: CounterName): number => counters[COUNTER[name]]!,
    open: async (isReading = true): Promise<StreamClient> => {
      const before = counters[COUNTER.TCP_ACCEPTED]!;
      const client = await StreamClient.open(listener.port, isReading);
      t.teardown(() => client.close());
      await until(() => counters[COUNTER.TCP_ACCEPTED]! > before);
      return client;
    },
  };
}

export async function exchange(client: StreamClient, id: number): Promise<number | undefined> {
  await client.send(frame(query(id)));
  const message = await client.receive();
  return message === undefined ? undefined : idOf(message);
}
