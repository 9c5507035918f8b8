// The section `decisions` to its settings.

import { dirname, resolve } from 'node:path';
import type { Problem } from '../base/errors.ts';
import type { DecisionSettings } from '../model/decisions.ts';
import type { DecisionsConfig } from './decisions-schema.ts';
import { MAX_SOCKET_PATH } from './file-names.ts';
import type { Path, YamlSource } from './yaml.ts';

export function decisionSettings(
  source: YamlSource,
  decisions: DecisionsConfig,
): { value: DecisionSettings; problems: Problem[] } {
  const problems: Problem[] = [];
  const base = dirname(resolve(source.file));
  const orNone = (file: string): string | null => (file === 'none' ? null : resolve(base, file));
  const { log, dnstap } = decisions;
  const file = log === 'stdout' ? null : orNone(log);
  const socket = orNone(dnstap.socket);
  const frames = orNone(dnstap.file);
  const complain = (path: Path, message: string): void => {
    problems.push(source.problem(['decisions', ...path], 'value', 'ERR_CONFIG_VALUE', `decisions.${path.join('.')} ${message}`));
  };
  const socketSize = socket === null ? 0 : Buffer.byteLength(socket);
  if (socketSize > MAX_SOCKET_PATH) {
    complain(['dnstap', 'socket'], `must be a path of at most ${MAX_SOCKET_PATH} octets once absolute, found ${socketSize}`);
  }
  if (frames !== null && frames === file)
    complain(['dnstap', 'file'], `must be another file than decisions.log, found ${frames}`);
  const value: DecisionSettings = {
    log: log === 'stdout' ? { kind: 'stdout' } : file === null ? null : { kind: 'file', file },
    dnstap: { socket, file: frames },
    oneIn: decisions.oneIn,
    policies: decisions.policies,
    unsteered: decisions.unsteered,
    perSecond: decisions.perSecond,
    v4Bits: decisions.addressBits.ipv4,
    v6Bits: decisions.addressBits.ipv6,
    fileSize: decisions.fileSize,
  };
  return { value, problems };
}
