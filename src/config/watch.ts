// The sections `alerts`, `objectives` and `traces` to their settings. A secret is read by whoever signs, anew each time; here its
// file must only exist.

import type { Problem } from '../base/errors.ts';
import type { AlertReceiver, WatchSettings } from '../model/watch.ts';
import { FileNames } from './file-names.ts';
import type { AlertsConfig, ObjectivesConfig, TracesConfig } from './watch-schema.ts';
import type { YamlSource } from './yaml.ts';

export interface WatchConfig {
  readonly alerts: AlertsConfig;
  readonly objectives: ObjectivesConfig;
  readonly traces: TracesConfig;
}

export function watchSettings(
  source: YamlSource,
  { alerts, objectives, traces }: WatchConfig,
): { value: WatchSettings; problems: Problem[] } {
  const files = new FileNames(source);
  const receivers = Object.entries(alerts.receivers).map(([id, receiver]): AlertReceiver => {
    const secretFile = files.absolute(['alerts', 'receivers', id, 'secretFile'], receiver.secretFile);
    return {
      id,
      // The schema has seen that there is exactly one of the two.
      route:
        receiver.webhook === undefined
          ? { kind: 'exec', command: receiver.exec ?? [] }
          : { kind: 'webhook', url: receiver.webhook, secretFile },
      only: receiver.only,
      leastSeverity: receiver.severity,
      timeoutMs: receiver.timeout,
      giveUpMs: receiver.giveUp,
    };
  });
  const value: WatchSettings = {
    traces,
    alerts: { receivers, groupMs: alerts.group, repeatMs: alerts.repeat, queue: alerts.queue },
    objectives: {
      availability: objectives.availability / 100,
      steering: objectives.steering / 100,
      steeringWithinMs: objectives.steeringWithin,
    },
  };
  return { value, problems: files.problems };
}
