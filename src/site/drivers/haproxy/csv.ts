// The table that `show stat` prints: RFC 4180 lines under a line of column names that begins with "# ". Versions have different columns,
// so they are found by name. Only the columns that are needed are read, and those strictly.

import type { Problem } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { countOf } from '../numbers.ts';
import { failure, quote } from '../problem.ts';

export interface StatRow {
  readonly kind: 'frontend' | 'backend' | 'server';
  /** Of the backend or frontend. */
  readonly proxy: string;
  /** Of a server; FRONTEND or BACKEND of others. */
  readonly name: string;
  readonly status: string;
  readonly sessions: number;
  /** Null = none. */
  readonly sessionLimit: number | null;
  readonly queued: number;
  /** Sessions that began in the last second; of requests at frontends of HTTP. */
  readonly perSecond: number;
  readonly weight: number | null;
}

const KINDS: Readonly<Record<string, StatRow['kind']>> = { 0: 'frontend', 1: 'backend', 2: 'server' };
const NEEDED = ['pxname', 'svname', 'qcur', 'scur', 'slim', 'status', 'weight', 'rate', 'type'] as const;
type Column = (typeof NEEDED)[number];

export function parseStat(text: string, where: string): Result<readonly StatRow[], Problem> {
  const bad = (what: string) => failure('ERR_LOAD_FORM', `${where}: show stat: ${what}`);
  const [head = '', ...lines] = text.split('\n');
  if (!head.startsWith('# ')) return bad(`a line of column names was expected, found "${quote(head)}"`);
  const names = head.slice(2).split(',');
  const at = new Map(NEEDED.map((name) => [name, names.indexOf(name)]));
  for (const [name, place] of at) if (place < 0) return bad(`the column ${name} is missing`);
  const rows: StatRow[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const cells = cellsOf(line);
    const cell = (name: Column): string => cells?.[at.get(name)!] ?? '';
    if (cells === undefined || cells.length < names.length - 1) return bad(`line ${i + 2} is not whole: "${quote(line)}"`);
    const kind = KINDS[cell('type')];
    if (kind === undefined) continue; // a listener
    const numbers = [cell('scur'), cell('slim'), cell('qcur'), cell('rate'), cell('weight')].map((value) =>
      value === '' ? null : countOf(value),
    );
    const wrong = numbers.indexOf(undefined);
    if (wrong >= 0) return bad(`line ${i + 2}: ${['scur', 'slim', 'qcur', 'rate', 'weight'][wrong]} is not a count`);
    const [sessions, limit, queued, perSecond, weight] = numbers as (number | null)[];
    rows.push({
      ...{ kind, proxy: cell('pxname'), name: cell('svname'), status: cell('status') },
      ...{ sessions: sessions ?? 0, sessionLimit: limit || null, queued: queued ?? 0, perSecond: perSecond ?? 0 },
      weight: weight ?? null,
    });
  }
  return ok(rows);
}

/** Cells of one line; undefined if a quote is not closed. HAProxy puts no line ends into cells. */
function cellsOf(line: string): string[] | undefined {
  const cells: string[] = [];
  for (let at = 0; at <= line.length; ) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      cells.push(line.slice(at, end));
      at = end + 1;
      continue;
    }
    let cell = '';
    for (at++; ; at++) {
      const quoted = line.indexOf('"', at);
      if (quoted < 0) return undefined;
      cell += line.slice(at, quoted);
      at = quoted + 1;
      if (line[at] !== '"') break;
      cell += '"';
    }
    if (at < line.length && line[at] !== ',') return undefined;
    cells.push(cell);
    at++;
  }
  return cells;
}

/** A figure of `show info`: lines `Name: value`. */
export function infoValue(text: string, name: string): string | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name}: `));
  return line?.slice(name.length + 2).trim();
}
