// A change on trial at this server alone, as its state directory knows it: written before the change is made, gone when the trial is
// over. Invariant: a process that finds it was started after one that ended in the middle of a trial, and puts the former file back.
// Trials of all servers stand in the mesh instead.

import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StagedState } from '../../admin/schemas/staged.ts';
import type { Logger } from '../../base/logger.ts';
import { replaceFile } from '../../mesh/durable.ts';
import { restorePrevious, tagOf } from './zone-file.ts';

const NAME = 'trial.json';

export interface RememberedTrial {
  readonly what: StagedState['what'];
  readonly subject: string;
  readonly actor: string;
  readonly startedMs: number;
  /** Of a zone: its file, and the tags of the text before and of the one on trial. The former files of a reload nobody has. */
  readonly zone: { readonly file: string; readonly before: string; readonly digest: string } | null;
}

export class TrialFile {
  readonly #path: string;

  constructor(stateDirectory: string) {
    this.#path = join(stateDirectory, NAME);
  }

  /** Resolves when it is on the disk; rejects with what the system says. */
  async write(trial: RememberedTrial): Promise<void> {
    await replaceFile(this.#path, `${JSON.stringify(trial)}\n`);
  }

  /** At once: whoever is told that a change is kept may end the process. */
  clear(): void {
    rmSync(this.#path, { force: true });
  }

  /** What a former process has left. */
  async read(): Promise<RememberedTrial | null> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    try {
      const { what, subject, actor, startedMs, zone } = JSON.parse(text) as RememberedTrial;
      return { what, subject, actor, startedMs, zone };
    } catch {
      return null;
    }
  }
}

/**
 * Takes back what was on trial when the former process of the state directory ended, before anything is served of it. Null = nothing
 * was. To be called by whoever owns the state directory. Never rejects: what cannot be taken back is `stuck`.
 */
export async function takeBackTrial(file: TrialFile, log: Logger, nowMs: number): Promise<StagedState | null> {
  const trial = await file.read();
  if (trial === null) return null;
  const ended = await endOf(trial).catch((error: Error) => stuck(`the former file cannot be had again: ${error.message}`));
  file.clear();
  if (ended === null) return null;
  const { what, subject, actor, startedMs } = trial;
  const state: StagedState = {
    ...{ what, subject, actor, startedMs, endsMs: nowMs, scope: 'server', server: null, servers: [] },
    ...{ phase: ended.phase, reason: `the server was started again in the middle of it; ${ended.reason}` },
  };
  log.warn({ ...state }, 'a change on trial has ended');
  return state;
}

type End = Pick<StagedState, 'phase'> & { readonly reason: string };

const stuck = (reason: string): End => ({ phase: 'stuck', reason });

async function endOf({ zone }: RememberedTrial): Promise<End | null> {
  if (zone === null) return stuck('its files are those that were on trial');
  const { file, before, digest } = zone;
  const found = tagOf(await readFile(file));
  if (found === before) return null; // it ended before the file was replaced
  if (found !== digest) return { phase: 'superseded', reason: 'the file has been changed since' };
  await restorePrevious(file, before);
  return { phase: 'rolled-back', reason: 'the former file is back' };
}
