// One check from beginning to end: resolve the host, judge the address, run the kind. Never throws, and always ends within the
// time limit of the target's cadence, the look-up included.

import type { Clock } from '../base/clock.ts';
import { assertNever } from '../base/result.ts';
import type { Checker, CheckResult, Target } from '../model/probe.ts';
import type { AddressRules } from './address-rules.ts';
import type { Limits } from './attempt.ts';
import { checkDns } from './dns.ts';
import { checkExec } from './exec.ts';
import { type Finding, messageOf, notChecked } from './finding.ts';
import { checkHttp } from './http.ts';
import { checkIcmp } from './icmp.ts';
import type { Place, Port } from './place.ts';
import type { Resolver } from './resolver.ts';
import { checkTcp } from './tcp.ts';
import { checkTls } from './tls.ts';
import { checkUdp } from './udp.ts';

export class TargetChecker implements Checker {
  readonly #rules: AddressRules;
  readonly #resolver: Resolver;
  readonly #clock: Clock;

  constructor(rules: AddressRules, resolver: Resolver, clock: Clock) {
    this.#rules = rules;
    this.#resolver = resolver;
    this.#clock = clock;
  }

  async check(target: Target, signal: AbortSignal): Promise<CheckResult> {
    const startMs = this.#clock.monotonicMs();
    let found: Finding;
    try {
      found = await this.#run(target, signal, startMs);
    } catch (error) {
      found = notChecked(messageOf(error));
    }
    return { ...found, latencyUs: Math.round((this.#clock.monotonicMs() - startMs) * 1000) };
  }

  async #run(target: Target, signal: AbortSignal, startMs: number): Promise<Finding> {
    const { host, family } = target;
    const { intervalMs, timeoutMs, connectTimeoutMs } = target.probe.cadence;
    const resolved = await this.#resolver.resolve(host, family, intervalMs, timeoutMs);
    if (!('addresses' in resolved)) return resolved;
    const address = resolved.addresses.find((candidate) => this.#rules.allows(candidate));
    if (address === undefined) return notChecked(`checks of ${resolved.addresses[0]} are not allowed (prober.allow)`);
    const leftMs = Math.max(1, Math.ceil(timeoutMs - (this.#clock.monotonicMs() - startMs))); // people read it
    const place: Place = { address, family: address.includes(':') ? 6 : 4, host };
    return runKind(place, target, { timeoutMs: leftMs, connectTimeoutMs, signal });
  }
}

function runKind(place: Place, { probe, port }: Target, limits: Limits): Promise<Finding> | Finding {
  const { check } = probe;
  if (check.kind === 'icmp') return checkIcmp(place, limits);
  if (check.kind === 'exec') return checkExec({ ...place, port }, check, limits);
  if (port === null) return notChecked('the target has no port');
  const at: Port = { ...place, port };
  switch (check.kind) {
    case 'tcp':
      return checkTcp(at, limits);
    case 'tls':
      return checkTls(at, check, limits);
    case 'http':
      return checkHttp(at, check, limits);
    case 'dns':
      return checkDns(at, check, limits);
    case 'udp':
      return checkUdp(at, check, limits);
    default:
      return assertNever(check);
  }
}
