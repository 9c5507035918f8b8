// A change on trial at one server, as all servers of the mesh know it: a note that is written by the server that tries it, and by each
// of the others about itself.

import type { StagedState } from '../../admin/schemas/staged.ts';

export type TrialPhase = StagedState['phase'];
export type ServerState = StagedState['servers'][number]['state'];

export interface ServerOnTrial {
  readonly state: ServerState;
  readonly reason: string | null;
}

export interface SharedTrial {
  readonly id: string;
  readonly what: StagedState['what'];
  readonly subject: string;
  readonly actor: string;
  /** Where it is tried, and the start of that process. */
  readonly server: string;
  readonly epoch: number;
  readonly phase: TrialPhase;
  /** By the clock of the mesh. */
  readonly startedMs: number;
  readonly endsMs: number;
  readonly reason: string | null;
  /** What everybody is to have in the end: of a zone the tag of the text, of a reload what load-digest.ts says; '' = not known yet. */
  readonly digest: string;
  /** Of a zone, the tag of the text that it replaces. */
  readonly before: string;
  /** Of a zone. */
  readonly text: string | null;
  /** What somebody has decided elsewhere; whoever tries it heeds it. */
  readonly decision: { readonly isKept: boolean; readonly isForced: boolean; readonly by: string } | null;
  readonly servers: Readonly<Record<string, ServerOnTrial>>;
}

const PHASES: readonly TrialPhase[] = ['watching', 'asking', 'applying', 'kept', 'rolled-back', 'superseded', 'stuck'];
const UNDER_WAY: readonly TrialPhase[] = ['watching', 'asking', 'applying'];

export const isUnderWay = ({ phase }: Pick<SharedTrial, 'phase'>): boolean => UNDER_WAY.includes(phase);

/** Undefined if it is of a version that we do not understand. */
export function decodeTrial(value: unknown): SharedTrial | undefined {
  const trial = (value ?? {}) as Partial<SharedTrial>;
  const { id, subject, actor, server, digest, before } = trial;
  const areWords = [id, subject, actor, server, digest, before].every((word) => typeof word === 'string');
  const areNumbers = [trial.epoch, trial.startedMs, trial.endsMs].every((number) => Number.isSafeInteger(number));
  const isKnown = (trial.what === 'reload' || trial.what === 'zone') && PHASES.includes(trial.phase!);
  const areServers = typeof trial.servers === 'object' && trial.servers !== null;
  return areWords && areNumbers && isKnown && areServers ? (trial as SharedTrial) : undefined;
}

export const stateOf = (trial: SharedTrial): StagedState => ({
  ...{ what: trial.what, subject: trial.subject, actor: trial.actor, phase: trial.phase, reason: trial.reason },
  ...{ startedMs: trial.startedMs, endsMs: trial.endsMs, scope: 'all', server: trial.server },
  servers: Object.entries(trial.servers)
    .map(([server, { state, reason }]) => ({ server, state, reason }))
    .sort((a, b) => (a.server < b.server ? -1 : 1)),
});
