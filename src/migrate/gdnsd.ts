// gdnsd's directory (the file `config`, zones in `zones/`, network lists in `geoip/`) to a draft of a configuration and its zones. Files are
// read through a port; nothing here touches a disk.

import type { Problem } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import { Draft } from './draft.ts';
import { failed } from './failed.ts';
import { GdnsdPools } from './gdnsd-pools.ts';
import { GdnsdProbes } from './gdnsd-probes.ts';
import { GdnsdResources } from './gdnsd-resources.ts';
import { at, textAt } from './gdnsd-tree.ts';
import { convertZone, defaultTtlSec } from './gdnsd-zone.ts';
import { parseVscf, type Vscf } from './vscf.ts';

const CONFIG = 'config';
const EMPTY: Vscf = { kind: 'hash', entries: new Map(), line: 1 };
/** Options that say how the process runs; Meridian has settings of its own for that. */
const QUIET_OPTIONS = ['zones_default_ttl', 'plugin_search_path'];

/** A directory of gdnsd. Paths are relative to it; the error is a sentence. */
export interface GdnsdDirectory {
  read(path: string): Result<string, string>;
  /** Files in `zones/`, by name; hidden ones are not zones. */
  readonly zoneFiles: readonly string[];
}

export function importGdnsd(directory: GdnsdDirectory): Result<Draft, Problem> {
  const text = directory.read(CONFIG);
  if (!text.ok) return failed(CONFIG, text.error);
  const parsed = parseVscf(text.value, directory.read);
  if (!parsed.ok) return failed(CONFIG, parsed.error.message, parsed.error);
  const config = parsed.value;
  const draft = new Draft();
  reportOptions(draft, config);
  const readNets = (path: string): Vscf | undefined => {
    const nets = directory.read(path.startsWith('/') ? path : `geoip/${path}`);
    const tree = nets.ok ? parseVscf(nets.value, directory.read) : nets;
    return tree.ok ? (tree.value as Vscf) : undefined;
  };
  const pools = new GdnsdPools(draft, new GdnsdProbes(draft, CONFIG, config));
  const resources = new GdnsdResources(draft, pools, CONFIG, config, readNets);
  for (const file of directory.zoneFiles) {
    const zone = directory.read(`zones/${file}`);
    if (!zone.ok) return failed(`zones/${file}`, zone.error);
    // A slash cannot stand in a file name, so gdnsd takes an @ for it (RFC 2317 zones).
    const name = file.replaceAll('@', '/').replace(/\.$/, '');
    const ttlSec = defaultTtlSec(textAt(at(config, 'options'), 'zones_default_ttl'));
    const source = { name, file: `zones/${file}`, text: zone.value, defaultTtlSec: ttlSec };
    draft.zones.set(
      name,
      convertZone(source, draft, (reference, where) => resources.policyFor(reference, where)),
    );
  }
  resources.reportUnused();
  const unplaced = [...draft.sites].flatMap(([name, { latitude, longitude }]) =>
    latitude === 0 && longitude === 0 ? [name] : [],
  );
  if (unplaced.length > 0)
    draft.lose(
      CONFIG,
      `sites without coordinates are at 0, 0, which matters only to "nearest" and to spill: ${unplaced.join(', ')}`,
    );
  return ok(draft);
}

function reportOptions(draft: Draft, config: Vscf): void {
  const options = at(config, 'options') ?? EMPTY;
  if (options.kind !== 'hash') return;
  const names = [...options.entries.keys()].filter((name) => !QUIET_OPTIONS.includes(name));
  if (names.length > 0) draft.lose(`${CONFIG}:${options.line}: options`, `to be set by hand under "server": ${names.join(', ')}`);
}
