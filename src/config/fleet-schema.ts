// Section `fleet`: this process as an aggregator of what many probers see.

import { duration, fields, integer } from './fields.ts';

const fleetSchema = fields({
  threads: integer(0, 256, 'threads').default(0).describe('Threads of the native kernel; 0 = one for each core.'),
  pass: duration('50ms', '5s')
    .prefault('250ms')
    .describe('Time between two passes: what has come in is judged, and what has changed is told.'),
});

export const fleetSections = {
  fleet: fleetSchema
    .prefault({})
    .describe('This process as one that judges the results of many probers (role `fleet`). See fleet.md for when it is worth it.')
    .meta({ chapter: 'fleet', example: 'fleet: { threads: 4, pass: 250ms }\n' }),
};
