// What servers say of their load in responses to clients: between them and us, so it goes no further.

import type { Service } from '../service.ts';
import { fieldOf, without } from './fields.ts';
import type { ResponseHead } from './response-head.ts';

/** Takes the report out of the response, if the service goes by such reports. */
export function takeReport(head: ResponseHead, service: Service, slot: number): void {
  const source = service.metricsSource;
  if (source?.kind !== 'header') return;
  const report = fieldOf(head.fields, source.name);
  if (report === null) return;
  head.fields = without(head.fields, [source.name]);
  service.hear(slot, report);
}
