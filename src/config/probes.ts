// The sections `probes`, `prober` and `health`, and what pools and members say of checks, to what probers and health/ work with.

import { formatAddress } from '../base/address.ts';
import type { Problem } from '../base/errors.ts';
import type { HealthSettings } from '../model/health.ts';
import type { CheckKind, ProbeSpec, Target } from '../model/probe.ts';
import type { ProberSettings } from '../model/snapshot.ts';
import type { Member } from '../model/steering.ts';
import { nameToText } from '../wire/name.ts';
import type { KINDS } from './check-schema.ts';
import { FileNames } from './file-names.ts';
import type { HealthConfig, ProbeConfig, ProberConfig } from './probe-schema.ts';
import type { PoolsConfig } from './steering-schema.ts';
import type { Path, YamlSource } from './yaml.ts';

type Probes = Readonly<Record<string, ProbeConfig>>;

export function probeSpecs(source: YamlSource, probes: Probes): { value: ProbeSpec[]; problems: Problem[] } {
  const files = new FileNames(source);
  const value = Object.entries(probes).map(([id, probe], index): ProbeSpec => {
    const check = checkOf(probe, ['probes', id], files);
    return {
      id,
      index,
      check,
      cadence: {
        intervalMs: probe.interval,
        transitionIntervalMs: probe.transitionInterval,
        timeoutMs: probe.timeout,
        connectTimeoutMs: probe.connectTimeout,
        rise: probe.rise,
        fall: probe.fall,
      },
      port: probe.port ?? usualPort(check),
      vantagePoints: probe.vantagePoints,
    };
  });
  return { value, problems: files.problems };
}

/** The schema has seen that there is exactly one kind. `path` leads to what has it. */
export function checkOf(
  { tcp, tls, http, dns, udp, icmp, exec }: Pick<ProbeConfig, (typeof KINDS)[number]>,
  path: Path,
  files: FileNames,
): CheckKind {
  if (tcp !== undefined) return { kind: 'tcp' };
  if (icmp !== undefined) return { kind: 'icmp' };
  if (udp !== undefined) return { kind: 'udp', ...udp };
  if (dns !== undefined) return { kind: 'dns', ...dns, type: dns.type.toUpperCase() };
  if (exec !== undefined) return { kind: 'exec', ...exec };
  if (tls !== undefined) {
    const { expiryWarning, ...rest } = tls;
    return { kind: 'tls', ...rest, expiryWarningDays: expiryWarning, ...files.tls([...path, 'tls'], tls) };
  }
  const { expiryWarning, status, ...rest } = http!;
  const tlsFiles = files.tls([...path, 'http'], http!);
  return { kind: 'http', ...rest, statuses: status, expiryWarningDays: expiryWarning, ...tlsFiles };
}

function usualPort(check: CheckKind): number | null {
  if (check.kind === 'http') return check.scheme === 'https' ? 443 : 80;
  if (check.kind === 'tls') return 443;
  return check.kind === 'dns' ? 53 : null;
}

/**
 * One target for each member and address family that it answers with; both families for an alias. In order of members, so that
 * every server that reads the same file numbers them alike.
 */
export function targetsOf(
  source: YamlSource,
  pools: PoolsConfig,
  probes: readonly ProbeSpec[],
  members: readonly Member[],
): { value: Target[]; problems: Problem[] } {
  const value: Target[] = [];
  const problems: Problem[] = [];
  let index = 0;
  for (const [id, pool] of Object.entries(pools)) {
    const probe = probes.find((candidate) => candidate.id === pool.probe);
    for (const [i, { check }] of pool.members.entries()) {
      const member = members[index++]!;
      if (probe === undefined) continue;
      const port = check?.port ?? probe.port;
      const { kind } = probe.check;
      if (port === null && (kind === 'tcp' || kind === 'udp')) {
        const message = `pools.${id}.members[${i}] has no port to check; the probe "${probe.id}" needs one: give it a port, or the member check.port`;
        problems.push(source.problem(['pools', id, 'members', i], 'value', 'ERR_CONFIG_MISSING', message));
      }
      const hostOf = (own: string): string => check?.host ?? own;
      const add = (family: 4 | 6, host: string): void => {
        value.push({ key: `${member.id}#${family}`, index: value.length, member: member.index, family, probe, host, port });
      };
      const { target } = member;
      if (target.kind === 'alias') {
        const host = hostOf(nameToText(target.name).replace(/\.$/, ''));
        add(4, host);
        add(6, host);
      } else {
        if (target.v4 !== null) add(4, hostOf(formatAddress(target.v4, 4)));
        if (target.v6 !== null) add(6, hostOf(formatAddress(target.v6, 6)));
      }
    }
  }
  return { value, problems };
}

export function healthSettings(health: HealthConfig, pools: PoolsConfig): HealthSettings {
  const { quorum, flapGuard, slowStart, drain, withdrawal } = health;
  return {
    leastVotes: quorum.votes,
    leastRegions: quorum.regions,
    flapGuard,
    slowStartMs: slowStart,
    drainMs: drain,
    withdrawal: { sharePercent: withdrawal.share, leastTargets: withdrawal.least, windowMs: withdrawal.window },
    watermarks: Object.values(pools).map(({ up }) =>
      up === null ? null : { lowPercent: up.low, highPercent: up.high, of: up.of },
    ),
  };
}

export const proberSettings = (prober: ProberConfig): ProberSettings => prober;
