// What a running process does for the commands that come over its control socket.

import type { Problem } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import type { Changes } from '../orders/changes.ts';
import { VERSION } from '../version.ts';
import type { AlertDesk } from '../watch/alert-desk.ts';
import type { ControlRequest } from './control.ts';
import type { StatusReport } from './reports.ts';
import type { Running } from './running.ts';

/** The reply to a request; what cannot be done is `{ problem }`, what nobody understands `{ error }`. */
export async function answerRequest(
  request: ControlRequest,
  running: Running,
  changes: Changes,
  alerts: AlertDesk | null,
): Promise<unknown> {
  const { plane } = running;
  switch (request.command) {
    case 'status':
      return {
        ...running.status(VERSION),
        change: changes.state,
        alerts: alerts?.report() ?? null,
      } satisfies StatusReport;
    case 'alerts':
    case 'silence':
    case 'unsilence':
      return alerts === null ? STARTING : answerAlerts(request, alerts, changes);
    case 'explain':
      return replyOf(await running.explain(request));
    case 'whatif':
      return replyOf(running.whatIf(request.without));
    case 'purge':
      return replyOf(await changes.purge(running, request, { actor: 'control socket', ...BY_SOCKET }));
    case 'load':
      return replyOf(running.reportLoad(request));
    case 'overrides':
      return plane.overrides;
    case 'order':
      return replyOf(await changes.order(running, request, { actor: request.author, ...BY_SOCKET }));
    case 'recall':
      return replyOf(await changes.recall(running, request, { actor: 'control socket', ...BY_SOCKET }));
    default:
      return { error: 'unknown command' };
  }
}

type AlertRequest = Extract<ControlRequest, { readonly command: 'alerts' | 'silence' | 'unsilence' }>;

async function answerAlerts(request: AlertRequest, alerts: AlertDesk, changes: Changes): Promise<unknown> {
  if (request.command === 'alerts') return alerts.report();
  if (request.command === 'unsilence') {
    return replyOf(await changes.endSilence(alerts, request.what, { actor: 'control socket', ...BY_SOCKET }));
  }
  return replyOf(await changes.silence(alerts, request, { actor: request.author, ...BY_SOCKET }));
}

export const STARTING = { error: 'the server is starting; try again' };

const BY_SOCKET = { via: 'socket', requestId: '' } as const;

const replyOf = (result: Result<unknown, Problem>): unknown => (result.ok ? result.value : { problem: result.error });
