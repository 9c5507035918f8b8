// Registers a test twice: where the native relay moves the octets of connections, and where node:net does.

import test, { type ExecutionContext } from 'ava';
import { relayAddon } from '../../src/site/l4/relay-addon.ts';
import { stageOf } from './site.ts';

export type StageOf = typeof stageOf;

/** `run` gets the stage of its relay. Without the addon the first of the two is skipped. */
export function testBothRelays(title: string, run: (t: ExecutionContext, stage: StageOf) => Promise<void>): void {
  const register = relayAddon === null ? test.skip : test;
  register(`native relay: ${title}`, (t) => run(t, stageOf));
  test(`node:net: ${title}`, (t) =>
    run(t, (at, servers, front, service, targetOf) => stageOf(at, servers, front, service, targetOf, null)));
}
