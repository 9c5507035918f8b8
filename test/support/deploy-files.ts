// What is shipped for Prometheus and Grafana, as far as tests read it.

import { readdirSync, readFileSync } from 'node:fs';
import { ROOT } from './paths.ts';

const read = (path: string): string => readFileSync(ROOT + path, 'utf8');

export const RULES = 'deploy/prometheus/meridian-alerts.yaml';
export const RULES_TEST = 'deploy/prometheus/meridian-alerts.test.yaml';

const matchesOf = (text: string, pattern: RegExp): string[] => Array.from(text.matchAll(pattern), ([, name]) => name!);

/** Names of the alerts, in order. */
export const alertNames = (): readonly string[] => matchesOf(read(RULES), /^ +- alert: (\w+)$/gm);
/** Those that the unit tests of the rules are about. */
export const testedAlerts = (): readonly string[] => matchesOf(read(RULES_TEST), /^ +- name: (\w+)$/gm);
/** Where each alert sends its reader. */
export const runbooks = (): readonly string[] => matchesOf(read(RULES), /^ +runbook: (\S+)$/gm);

export const dashboardFiles: readonly string[] = readdirSync(`${ROOT}deploy/grafana`).map((name) => `deploy/grafana/${name}`);

/** Metrics of ours that rules and dashboards ask for. */
export const metricsAskedFor = (): ReadonlySet<string> =>
  new Set([RULES, ...dashboardFiles].flatMap((file) => matchesOf(read(file), /\b(meridian_[a-z0-9_]+)(?=[^a-z0-9_/.-])/g)));
