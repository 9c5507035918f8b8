// How a server watches itself: whom it tells what is wrong, and what it promises. Checked, plain data, deeply readonly.
// docs/observe.md.

export type AlertSeverity = 'warning' | 'critical';

/** Where news of alerts go. */
export type AlertRoute =
  | { readonly kind: 'webhook'; readonly url: string /** null = not signed. */; readonly secretFile: string | null }
  /** Program and arguments, no shell; the message comes on its standard input. */
  | { readonly kind: 'exec'; readonly command: readonly string[] };

export interface AlertReceiver {
  readonly id: string;
  readonly route: AlertRoute;
  /** Globs of `name` or `name/subject`. */
  readonly only: readonly string[];
  readonly leastSeverity: AlertSeverity;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** After this time since the first attempt a message goes to the dead letters. */
  readonly giveUpMs: number;
}

export interface AlertSettings {
  readonly receivers: readonly AlertReceiver[];
  /** News within this time go out together. */
  readonly groupMs: number;
  /** What still fires is told again. */
  readonly repeatMs: number;
  /** Messages that may wait for one receiver. */
  readonly queue: number;
}

/** Parts of all answers that should be good, 0..1. */
export interface ObjectiveSettings {
  readonly availability: number;
  readonly steering: number;
  /** An answer is good if everything that was known so long before it is in it. */
  readonly steeringWithinMs: number;
}

export interface TraceSettings {
  /** Steps of changes become spans of the OpenTelemetry API, if that is installed. */
  readonly openTelemetry: boolean;
}

export interface WatchSettings {
  readonly traces: TraceSettings;
  readonly alerts: AlertSettings;
  readonly objectives: ObjectiveSettings;
}
