// Metrics as servers report them, in a header of their responses or in a body: names with numbers, in one of two forms.
//
//   JSON {"cpu": 0.3, "named_metrics": {"queue": 4}}      the word is optional; nested ones are `named_metrics.queue`
//   TEXT cpu=0.3, named_metrics.queue=4                   likewise; commas, semicolons and line ends separate
//
// These are the text forms of ORCA (Open Request Cost Aggregation, header `endpoint-load-metrics`); its binary form is not read.

const MOST_LENGTH = 8192;
const MOST_METRICS = 100;
const MOST_DEPTH = 2;
const NAME = /^[A-Za-z_][\w.]{0,127}$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** Null = it is no report: not in one of the forms, too long, or without a single metric. Others than numbers are left out. */
export function readLoadMetrics(report: string): ReadonlyMap<string, number> | null {
  if (report.length > MOST_LENGTH) return null;
  const [, form, text] = /^\s*(?:(JSON|TEXT)\s+)?(.*)$/s.exec(report)!;
  const metrics = new Map<string, number>();
  const isRead =
    form === 'JSON' || (form === undefined && text!.startsWith('{')) ? readJson(text!, metrics) : readText(text!, metrics);
  return isRead && metrics.size > 0 ? metrics : null;
}

function readText(text: string, metrics: Map<string, number>): boolean {
  for (const pair of text.split(/[,;\r\n]/)) {
    if (pair.trim() === '') continue;
    const [name = '', value = '', ...more] = pair.split('=').map((word) => word.trim());
    if (more.length > 0 || !NAME.test(name) || !NUMBER.test(value)) return false;
    take(metrics, name, Number(value));
  }
  return true;
}

function readJson(text: string, metrics: Map<string, number>): boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return false;
    takeAll(metrics, '', value, 1);
    return true;
  } catch {
    return false;
  }
}

function takeAll(metrics: Map<string, number>, prefix: string, values: object, depth: number): void {
  for (const [key, value] of Object.entries(values)) {
    const name = `${prefix}${key}`;
    if (typeof value === 'number' && NAME.test(name)) take(metrics, name, value);
    else if (isObject(value) && depth < MOST_DEPTH) takeAll(metrics, `${name}.`, value, depth + 1);
  }
}

function take(metrics: Map<string, number>, name: string, value: number): void {
  if (Number.isFinite(value) && metrics.size < MOST_METRICS) metrics.set(name, value);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
