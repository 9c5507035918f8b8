// A new text for a zone: checked beside what is served, written in place of the zone's file, and served once every thread has it.
// Whatever goes wrong, what is live stays live and the file is as before.

import { readFile } from 'node:fs/promises';
import type { ZoneRequest } from '../../admin/ports.ts';
import type { ZoneReply } from '../../admin/schemas/zones.ts';
import { hasErrors, type Problem } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { ZoneSource } from '../../model/snapshot.ts';
import { nameToText } from '../../wire/name.ts';
import type { Running } from '../process/running.ts';
import { type Replaced, replaceFile, tagOf } from './zone-file.ts';

interface ZoneFile {
  readonly text: string;
  readonly tag: string;
}

/** Undefined if it is not served; ERR_ROLE, ERR_ZONE_FILE. */
export async function readZoneFile(running: Running, zone: string): Promise<Result<ZoneFile, Problem> | undefined> {
  const source = sourceOf(running, zone);
  if (!source?.ok) return source;
  try {
    const octets = await readFile(source.value.file);
    return ok({ text: octets.toString('utf8'), tag: tagOf(octets) });
  } catch (error) {
    return err(fileProblem('read', source.value.file, error));
  }
}

interface ZoneChange {
  readonly reply: ZoneReply;
  /** Puts the former file back and serves it; rejects if it cannot. Absent if it never went. */
  readonly undo?: () => Promise<void>;
}

/** One change of one zone; others wait their turn with whoever calls this. As readZoneFile, and ERR_API_VERSION. */
export async function changeZone(running: Running, request: ZoneRequest): Promise<Result<ZoneChange, Problem> | undefined> {
  const source = sourceOf(running, request.zone);
  if (!source?.ok) return source;
  const present = await readZoneFile(running, request.zone);
  if (!present?.ok) return present;
  const { tag } = present.value;
  if (request.ifTag !== null && request.ifTag !== tag) return err(changedMeanwhile(request.zone, request.ifTag, tag));
  const { origin, file } = source.value;
  const desk = running.fileDesk!;
  const octets = Buffer.from(request.text);
  const { problems, difference = null } = await desk.checkDraft(origin, octets);
  const checked = { zone: request.zone, problems: [...problems], difference: difference as ZoneReply['difference'] };
  const isAccepted = difference !== null;
  if (!isAccepted || request.dryRun) return ok({ reply: { ...checked, isDone: false, isAccepted, tag } });
  let replaced: Replaced;
  try {
    replaced = await replaceFile(file, octets);
  } catch (error) {
    return err(fileProblem('replaced', file, error));
  }
  const report = await desk.reloadZone(origin);
  const undo = async (): Promise<void> => {
    await replaced.undo();
    const again = await desk.reloadZone(origin);
    if (!again.done) throw new Error(again.problems.map(({ message }) => message).join('; '));
  };
  if (report.done) return ok({ reply: { ...checked, isDone: true, isAccepted, tag: tagOf(octets) }, undo });
  await replaced.undo();
  const found = hasErrors(report.problems) ? report.problems : problems;
  return ok({ reply: { ...checked, problems: [...found], isDone: false, isAccepted: false, tag } });
}

export function fileOfZone(running: Running, zone: string): ZoneSource | undefined {
  const source = sourceOf(running, zone);
  return source?.ok === true ? source.value : undefined;
}

function sourceOf({ fileDesk, answering }: Running, zone: string): Result<ZoneSource, Problem> | undefined {
  if (fileDesk === null || answering === null) return err(ANSWERS_NOBODY);
  const source = answering.loaded.snapshot.zones.find(({ origin }) => nameToText(origin).toLowerCase() === zone);
  return source && ok(source);
}

const fileProblem = (verb: 'read' | 'replaced', file: string, error: unknown): Problem => ({
  severity: 'error',
  code: 'ERR_ZONE_FILE',
  message: `zone file ${file} cannot be ${verb}: ${reasonOf(error)}; nothing has changed`,
});

const changedMeanwhile = (zone: string, expected: string, present: string): Problem => ({
  severity: 'error',
  code: 'ERR_API_VERSION',
  message: `the file of ${zone} is at "${present}", the change was meant for "${expected}": read it again`,
});

const ANSWERS_NOBODY: Problem = {
  severity: 'error',
  code: 'ERR_ROLE',
  message: 'this process answers no queries and has no zones: ask one with the role dns',
};
