// Steps of changes as spans of OpenTelemetry: only its API is used here, and only if it is installed; where spans go is decided by the
// SDK that the operator loads into the process (node --import). Without an SDK the API does nothing. The id of a change is the trace
// id, so that processes share a trace without sending each other anything.

import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Step, Tracer } from '../model/trace.ts';

type Api = Pick<typeof import('@opentelemetry/api'), 'trace' | 'ROOT_CONTEXT' | 'TraceFlags' | 'SpanKind'>;

const SPAN_DIGITS = 16;
/** Changes whose last span is remembered, so that the next one is its child. */
const MOST_KNOWN = 1000;

const load = (): Promise<Api> => import('@opentelemetry/api');

/** ERR_TRACES if the package is not there, or cannot be used. `loadApi` is for tests. */
export async function openTelemetry(server: string, version: string, loadApi = load): Promise<Result<Tracer, Problem>> {
  try {
    return ok(new SpanWriter(await loadApi(), server, version));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ERR_MODULE_NOT_FOUND' ? 'it is not installed' : message.split('\n', 1)[0]!;
    return err({
      severity: 'error',
      code: 'ERR_TRACES',
      message: `traces.openTelemetry needs the package @opentelemetry/api: ${reason}; npm install @opentelemetry/api beside Meridian. Nothing is traced, everything else goes on`,
    });
  }
}

class SpanWriter implements Tracer {
  readonly #api: Api;
  readonly #server: string;
  readonly #version: string;
  /** By change. */
  readonly #lastSpans = new Map<string, string>();

  constructor(api: Api, server: string, version: string) {
    this.#api = api;
    this.#server = server;
    this.#version = version;
  }

  trace({ name, change, startMs, endMs, facts }: Step): void {
    const { trace, ROOT_CONTEXT, TraceFlags, SpanKind } = this.#api;
    // The first span of a process has a parent that nobody sends: its id is part of that of the trace, so all processes agree.
    const spanId = this.#lastSpans.get(change) ?? change.slice(0, SPAN_DIGITS);
    const parent = { traceId: change, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
    const attributes = Object.fromEntries(Object.entries(facts).map(([key, value]) => [`meridian.${key}`, value]));
    const span = trace
      .getTracer('meridian', this.#version)
      .startSpan(
        `meridian.${name}`,
        { kind: SpanKind.INTERNAL, startTime: startMs, attributes: { ...attributes, 'meridian.server': this.#server } },
        trace.setSpanContext(ROOT_CONTEXT, parent),
      );
    span.end(endMs);
    this.#lastSpans.delete(change);
    this.#lastSpans.set(change, span.spanContext().spanId);
    if (this.#lastSpans.size > MOST_KNOWN) this.#lastSpans.delete(this.#lastSpans.keys().next().value!);
  }
}
