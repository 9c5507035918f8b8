// The section `admin` to its settings. An API that strangers could reach without a token is refused here, before anything listens.

import type { Problem } from '../base/errors.ts';
import { isLoopback } from '../base/loopback.ts';
import type { AdminSettings } from '../model/admin.ts';
import type { AdminConfig } from './admin-schema.ts';
import { FileNames } from './file-names.ts';
import type { YamlSource } from './yaml.ts';

export function adminSettings(source: YamlSource, admin: AdminConfig): { value: AdminSettings; problems: Problem[] } {
  const files = new FileNames(source);
  const tokens = Object.entries(admin.tokens).map(([name, { role, hash }]) => ({ name, role, sha256: hash }));
  const value: AdminSettings = {
    listen: admin.listen,
    tls: admin.tls && {
      certificateFile: files.absolute(['admin', 'tls', 'certificateFile'], admin.tls.certificateFile)!,
      keyFile: files.absolute(['admin', 'tls', 'keyFile'], admin.tls.keyFile)!,
    },
    tokens,
    loopbackRole: admin.loopbackRole === 'none' ? null : admin.loopbackRole,
    hosts: admin.hosts,
    requestsPerSecond: admin.requestsPerSecond,
    safety: admin.safety,
  };
  const problems = [...files.problems, ...exposed(source, value), ...repeated(source, value)];
  return { value, problems };
}

/** Addresses that others reach: without tokens refused, without TLS worth a word. */
function exposed(source: YamlSource, { listen, tls, tokens }: AdminSettings): Problem[] {
  return listen.flatMap(({ address, port }, i) => {
    if (isLoopback(address)) return [];
    const at = ['admin', 'listen', i];
    if (tokens.length === 0) {
      const message = `admin.listen[${i}] must be a loopback address such as 127.0.0.1:${port} while there are no admin.tokens, found ${address}: anybody could give orders`;
      return [source.problem(at, 'value', 'ERR_CONFIG_EXPOSED', message)];
    }
    if (tls !== null) return [];
    const message = `admin.listen[${i}] is ${address} without admin.tls: tokens travel readably, unless something in front adds TLS`;
    return [source.problem(at, 'value', 'ERR_CONFIG_EXPOSED', message, 'warning')];
  });
}

function repeated(source: YamlSource, { listen, tokens }: AdminSettings): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [i, { address, port }] of listen.entries()) {
    const key = `${address}:${port}`;
    if (port !== 0 && seen.has(key)) {
      problems.push(source.problem(['admin', 'listen', i], 'value', 'ERR_CONFIG_DUPLICATE', `admin.listen has ${key} twice`));
    }
    seen.add(key);
  }
  const owners = new Map<string, string>();
  for (const { name, sha256 } of tokens) {
    const owner = owners.get(sha256);
    if (owner !== undefined) {
      const message = `admin.tokens.${name} has the hash of admin.tokens.${owner}: one token cannot have two names`;
      problems.push(source.problem(['admin', 'tokens', name, 'hash'], 'value', 'ERR_CONFIG_DUPLICATE', message));
    }
    owners.set(sha256, name);
  }
  return problems;
}
