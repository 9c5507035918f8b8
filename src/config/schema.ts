// The whole file: one schema, built for the names that the file defines. Those are read from the raw values first, right or
// wrong, so that a mistake inside a pool does not make every reference to that pool a mistake as well.

import { adminSections } from './admin-schema.ts';
import { decisionSections } from './decisions-schema.ts';
import { fields, Names } from './fields.ts';
import { fleetSections } from './fleet-schema.ts';
import { meshSections } from './mesh-schema.ts';
import { probeSections } from './probe-schema.ts';
import { geoSchema, serverSchema, zonesSchema } from './server-schema.ts';
import { siteSections } from './site-schema.ts';
import { type Defined, steeringSections } from './steering-schema.ts';
import { transferSections } from './transfer-schema.ts';
import { watchSections } from './watch-schema.ts';

/** The names that a file (as plain values, right or wrong) defines, and what a reference to each is checked against. */
export function namesIn(value: unknown): Defined {
  const keysOf = (section: string): string[] => {
    const entries = (value as Readonly<Record<string, unknown>> | null)?.[section];
    return typeof entries === 'object' && entries !== null && !Array.isArray(entries) ? Object.keys(entries) : [];
  };
  return {
    sites: new Names('site', keysOf('sites')),
    pools: new Names('pool', keysOf('pools')),
    policies: new Names('policy', keysOf('policies')),
    probes: new Names('probe', keysOf('probes')),
    keys: new Names('key', keysOf('keys')),
  };
}

export function configSchema(defined: Defined) {
  return fields({
    server: serverSchema.prefault({}),
    geo: geoSchema.prefault({}),
    zones: zonesSchema.prefault({}),
    ...steeringSections(defined),
    ...probeSections,
    ...siteSections(defined.sites),
    ...fleetSections,
    ...adminSections,
    ...meshSections,
    ...transferSections(defined.keys),
    ...watchSections,
    ...decisionSections(defined.policies),
  });
}
