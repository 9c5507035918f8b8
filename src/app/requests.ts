// What a running process does for the commands that come over its control socket.

import type { Problem } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import type { AgentReport } from '../model/capacity.ts';
import type { WhatIf } from '../steering/spill-whatif.ts';
import type { LoadRequest } from './capacity-book.ts';
import type { ControlRequest } from './control.ts';
import type { ControlPlane } from './control-plane.ts';
import type { ExplainReport, ExplainRequest } from './explain-answer.ts';
import type { ReloadReport, StatusReport } from './server.ts';
import { VERSION } from './version.ts';

/** A process with whatever roles, as commands see it. */
export interface Running {
  readonly plane: ControlPlane;
  /** What it does at the moment, in a few words. */
  readonly summary: string;
  reload(): Promise<ReloadReport>;
  status(version: string): StatusReport;
  explain(request: ExplainRequest): Result<ExplainReport, Problem>;
  /** What would happen without a site. */
  whatIf(site: string): Result<WhatIf, Problem>;
  reportLoad(request: LoadRequest): Result<AgentReport, Problem>;
  /** Resolves when answers follow what health has concluded so far. */
  settle(): Promise<void>;
}

/** The reply to a request; what cannot be done is `{ problem }`, what nobody understands `{ error }`. */
export async function answerRequest(request: ControlRequest, running: Running): Promise<unknown> {
  const { plane } = running;
  switch (request.command) {
    case 'status':
      return running.status(VERSION);
    case 'explain':
      return replyOf(running.explain(request));
    case 'whatif':
      return replyOf(running.whatIf(request.without));
    case 'load':
      return replyOf(running.reportLoad(request));
    case 'overrides':
      return plane.overrides;
    case 'order':
      return inForce(running, await plane.order(request));
    case 'recall':
      return inForce(running, await plane.recall(request));
    default:
      return { error: 'unknown command' };
  }
}

/** Whoever gives an order may ask for a name next: the reply waits until answers follow the order. */
async function inForce(running: Running, result: Result<unknown, Problem>): Promise<unknown> {
  if (result.ok) await running.settle();
  return replyOf(result);
}

const replyOf = (result: Result<unknown, Problem>): unknown => (result.ok ? result.value : { problem: result.error });
