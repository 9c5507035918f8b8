// What a server does with a change that was tried at another one: looks whether it could have it too, takes it over, gives it back.

import { readFile } from 'node:fs/promises';
import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Running } from '../process/running.ts';
import { digestOf } from './load-digest.ts';
import type { SharedTrial } from './trial-record.ts';
import { changeZone, fileOfZone, readZoneFile } from './zone-changes.ts';
import { restorePrevious, tagOf } from './zone-file.ts';

/** Null = it could; else why not. */
export async function findObstacle(running: Running, trial: SharedTrial): Promise<string | null> {
  if (running.fileDesk === null) return 'it answers no queries';
  if (trial.what === 'reload') {
    const { snapshot, zones, problems } = await running.tryLoad();
    if (snapshot === null || zones === null) return firstOf(problems);
    return otherFiles(digestOf(snapshot, zones), trial);
  }
  const present = await readZoneFile(running, trial.subject);
  if (present === undefined) return `it has no zone ${trial.subject}`;
  if (!present.ok) return present.error.message;
  const { tag } = present.value;
  if (tag === trial.digest) return null;
  if (tag !== trial.before)
    return `its file of ${trial.subject} is at "${tag}", that of ${trial.server} was at "${trial.before}"`;
  const draft = await changeZone(running, requestOf(trial, true));
  if (draft === undefined) return `it has no zone ${trial.subject}`;
  if (!draft.ok) return draft.error.message;
  const { isAccepted, problems } = draft.value.reply;
  return isAccepted ? null : firstOf(problems);
}

type Undo = () => Promise<void>;

/** What takes it back; else why it could not be taken over, and nothing has changed. */
export async function takeOver(running: Running, trial: SharedTrial): Promise<Result<Undo, string>> {
  const { fileDesk, answering } = running;
  if (fileDesk === null || answering === null) return err('it answers no queries');
  if (trial.what === 'reload') {
    const { loaded } = answering;
    const report = await running.reload();
    if (!report.done) return err(firstOf(report.problems));
    const now = running.answering!.loaded;
    const difference = otherFiles(digestOf(now.snapshot, now.zones), trial);
    const undo = (): Promise<void> => fileDesk.restore(loaded);
    if (difference === null) return ok(undo);
    await undo();
    return err(difference);
  }
  const present = await readZoneFile(running, trial.subject);
  if (present?.ok === true && present.value.tag === trial.digest) return ok(() => Promise.resolve());
  const changed = await changeZone(running, requestOf(trial, false));
  if (changed === undefined) return err(`it has no zone ${trial.subject}`);
  if (!changed.ok) return err(changed.error.message);
  const { undo, reply } = changed.value;
  return undo === undefined ? err(firstOf(reply.problems)) : ok(undo);
}

/** In a process that was started anew since: of a zone, the former file. False if there is nothing to give back; throws if it cannot. */
export async function giveBack(running: Running, trial: SharedTrial): Promise<boolean> {
  const desk = running.fileDesk;
  const zone = trial.what === 'zone' ? fileOfZone(running, trial.subject) : undefined;
  if (trial.what === 'reload') throw new Error('it was started again, with the files that were on trial');
  if (desk === null || zone === undefined) return false;
  if (tagOf(await readFile(zone.file)) !== trial.digest || trial.digest === trial.before) return false;
  await restorePrevious(zone.file, trial.before);
  const again = await desk.reloadZone(zone.origin);
  if (!again.done) throw new Error(firstOf(again.problems));
  return true;
}

const requestOf = ({ subject, text, before }: SharedTrial, dryRun: boolean) => ({
  ...{ zone: subject, text: text ?? '', dryRun, watchSec: 0, ifTag: before, scope: 'server' as const },
});

const otherFiles = (digest: string, { digest: wanted, server }: SharedTrial): string | null =>
  digest === wanted ? null : `its files come to ${digest.slice(0, 8)}, those of ${server} to ${wanted.slice(0, 8)}: they differ`;

const firstOf = (problems: readonly Pick<Problem, 'message' | 'severity'>[]): string =>
  (problems.find(({ severity }) => severity === 'error') ?? problems[0])?.message ?? 'its files have errors';
