// The alerts that a server sends by itself: how bad each is, and how long it must last. Their names are those of the alert rules for
// Prometheus (deploy/prometheus) in small letters, and each has its section of docs/handbook.md.

import type { AlertSeverity } from '../model/watch.ts';

interface AlertFacts {
  readonly severity: AlertSeverity;
  /** Lasts so long before anybody is told. */
  readonly forMs: number;
}

const alert = (severity: AlertSeverity, forSec: number): AlertFacts => ({ severity, forMs: forSec * 1000 });

export const ALERTS = {
  'not-ready': alert('critical', 30),
  'answers-failing': alert('critical', 60),
  'responder-bug': alert('warning', 0),
  'threads-missing': alert('warning', 60),
  'queries-lost': alert('warning', 120),
  overloaded: alert('warning', 120),
  'availability-burning': alert('critical', 60),
  'mesh-stale': alert('critical', 30),
  'steering-lags': alert('critical', 30),
  'members-unknown': alert('warning', 120),
  'reload-refused': alert('warning', 0),
  'steering-burning': alert('critical', 60),
  'pool-empty': alert('critical', 15),
  'site-out': alert('warning', 30),
  'probers-shrinking': alert('warning', 120),
  'prober-withdrawn': alert('warning', 60),
  'site-over-target': alert('warning', 300),
  'site-full': alert('critical', 60),
  'capacity-short': alert('warning', 600),
  'certificate-expiring': alert('warning', 60),
  'certificate-ended': alert('critical', 0),
  'state-not-writable': alert('critical', 60),
  'query-rate-unusual': alert('warning', 300),
} as const satisfies Readonly<Record<string, AlertFacts>>;

export type AlertName = keyof typeof ALERTS;
