// Counters and gauges as Prometheus text, by prom-client. Counters live in shared memory and are totals already: what is handed to
// prom-client is the difference to what it has.

import { Counter, collectDefaultMetrics, Gauge, type Histogram, Registry } from 'prom-client';
import { COUNTER_FACTS, type CounterName, type CounterTotals } from '../metrics/counters.ts';
import {
  GAUGES,
  type GaugeName,
  type GaugeValue,
  HISTOGRAMS,
  type HistogramName,
  type HistogramValue,
  TALLIES,
  type TallyName,
  type TallyValue,
} from '../metrics/gauges.ts';

export interface Sample {
  readonly counters: CounterTotals;
  readonly gauges: readonly GaugeValue[];
  readonly tallies: readonly TallyValue[];
  readonly histograms: readonly HistogramValue[];
}

/** Of Node's own: named like counters, which they are not (promtool says so). */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

const LABEL = /(\w+)="([^"]*)"/g;

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(LABEL)].map(([, name, value]) => [name!, value!]));

const named = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]!]));

export class Exposition {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<GaugeName, Gauge>();
  readonly #tallies = new Map<TallyName, Counter>();
  #histograms: readonly HistogramValue[] = [];

  constructor() {
    for (const { metric, labels, help } of Object.values(COUNTER_FACTS)) {
      if (this.#counters.has(metric)) continue;
      const labelNames = Object.keys(labelsOf(labels));
      this.#counters.set(metric, new Counter({ name: metric, help, labelNames, registers: [this.#registry] }));
    }
    for (const [name, { metric, labels, help }] of Object.entries(GAUGES)) {
      const labelNames = [...labels];
      this.#gauges.set(name as GaugeName, new Gauge({ name: metric, help, labelNames, registers: [this.#registry] }));
    }
    for (const [name, { metric, labels, help }] of Object.entries(TALLIES)) {
      const labelNames = [...labels];
      this.#tallies.set(name as TallyName, new Counter({ name: metric, help, labelNames, registers: [this.#registry] }));
    }
    for (const name of Object.keys(HISTOGRAMS) as HistogramName[]) {
      this.#registry.registerMetric(histogramOf(name, () => this.#histograms.filter(({ histogram }) => histogram === name)));
    }
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text({ counters, gauges, tallies, histograms }: Sample): Promise<string> {
    for (const counter of this.#counters.values()) counter.reset();
    for (const [name, value] of Object.entries(counters) as [CounterName, number][]) {
      const { metric, labels } = COUNTER_FACTS[name];
      this.#counters.get(metric)!.inc(labelsOf(labels), value);
    }
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const { gauge, labels, value } of gauges) this.#gauges.get(gauge)!.set(named(GAUGES[gauge].labels, labels), value);
    for (const tally of this.#tallies.values()) tally.reset();
    for (const { tally, labels, value } of tallies) this.#tallies.get(tally)!.inc(named(TALLIES[tally].labels, labels), value);
    this.#histograms = histograms;
    return this.#registry.metrics();
  }
}

/** One of prom-client's own can only be given single observations; a registry asks a metric for no more than this. */
function histogramOf(name: HistogramName, valuesOf: () => readonly HistogramValue[]): Histogram {
  const { metric, help, labels: names, bounds } = HISTOGRAMS[name];
  const get = async () => ({
    ...{ name: metric, help, type: 'histogram' },
    values: valuesOf().flatMap(({ labels: values, counts, sum }) => {
      const labels = named(names, values);
      let total = 0;
      const buckets = counts.map((count, i) => {
        total += count;
        return { metricName: `${metric}_bucket`, labels: { le: bounds[i] ?? '+Inf', ...labels }, value: total };
      });
      return [
        ...buckets,
        { metricName: `${metric}_sum`, labels, value: sum },
        { metricName: `${metric}_count`, labels, value: total },
      ];
    }),
  });
  return { name: metric, help, get } as unknown as Histogram;
}
