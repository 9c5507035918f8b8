// How full we are, for other balancers: the line that HAProxy's agent-check reads (configuration manual, `agent-check`), and the JSON of
// GET /load; and the same two read, from others.

import type { Problem } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import type { DriverLoad } from '../../model/site-driver.ts';
import { countOf } from './numbers.ts';
import { failure, quote } from './problem.ts';
import { numberAt, objectAt } from './readers/fields.ts';
import { parseJson } from './readers/parse.ts';

export interface AgentState {
  /** `ready` and `up` take back what an earlier answer ordered. */
  readonly state: 'up' | 'drain' | 'maint' | 'down';
  /** Share of its configured weight that HAProxy is to give us, 0..100; null = as it is. */
  readonly weightPercent: number | null;
  /** Null = as it is. */
  readonly maxConnections: number | null;
}

const MOST_PERCENT = 100;
const LINE_MAX_SIZE = 1024;

/** One line with its end. Down says why, without a line end. */
export function agentLine({ state, weightPercent, maxConnections }: AgentState, why = ''): string {
  if (state === 'down') return why === '' ? 'down\n' : `down #${quote(why).slice(0, 200)}\n`;
  const words = {
    up: ['up', 'ready'],
    // Up as well, or it would stay down from an earlier answer.
    drain: ['up', 'drain'],
    maint: ['maint'],
  }[state];
  if (weightPercent !== null) words.push(`${Math.max(0, Math.min(MOST_PERCENT, Math.round(weightPercent)))}%`);
  if (maxConnections !== null) words.push(`maxconn:${Math.max(0, Math.floor(maxConnections))}`);
  return `${words.join(' ')}\n`;
}

/**
 * The room that is left, in percent of the configured weight: all of it up to the target, then less, evenly, down to 1 % at the maximum:
 * who is full is not down, and must not become the one that nobody asks any more.
 */
export function weightPercentOf({ current, target, max }: Pick<DriverLoad, 'current' | 'target' | 'max'>): number | null {
  if (max === null || max <= 0) return max === 0 ? 1 : null;
  const from = Math.min(target ?? max, max);
  if (current <= from) return MOST_PERCENT;
  if (current >= max) return 1;
  return Math.max(1, Math.round((MOST_PERCENT * (max - current)) / (max - from)));
}

/** Reads what an agent of an application says; words are separated by spaces, tabs or commas, and the last of a kind counts. */
export function parseAgentLine(text: string, where: string): Result<AgentState, Problem> {
  const line = /^([^\r\n]*)[\r\n]/.exec(text)?.[1];
  if (line === undefined || line.length > LINE_MAX_SIZE) {
    return failure(
      'ERR_LOAD_FORM',
      `${where}: one line of at most ${LINE_MAX_SIZE} characters was expected, found "${quote(text.slice(0, 40))}"`,
    );
  }
  let health: 'up' | 'down' = 'up';
  let admin: 'ready' | 'drain' | 'maint' = 'ready';
  let weightPercent: number | null = null;
  let maxConnections: number | null = null;
  for (const word of line
    .split('#')[0]!
    .split(/[ \t,]+/)
    .filter((one) => one !== '')) {
    const percent = /^(?:weight:)?(\d{1,3})%$/.exec(word)?.[1];
    const connections = /^maxconn:(\d+)$/.exec(word)?.[1];
    if (percent !== undefined && Number(percent) <= MOST_PERCENT) weightPercent = Number(percent);
    else if (connections !== undefined && countOf(connections) !== undefined) maxConnections = Number(connections);
    else if (word === 'ready' || word === 'drain' || word === 'maint') admin = word;
    else if (word === 'up') health = 'up';
    else if (word === 'down' || word === 'fail' || word === 'failed' || word === 'stopped') health = 'down';
    else return failure('ERR_LOAD_FORM', `${where}: "${quote(word)}" is no word of an agent check`);
  }
  const state = admin === 'maint' ? 'maint' : health === 'down' ? 'down' : admin === 'drain' ? 'drain' : 'up';
  return ok({ state, weightPercent, maxConnections });
}

/** Of GET /load. */
export interface LoadAnswer extends Pick<DriverLoad, 'current' | 'target' | 'max'> {
  readonly isDraining: boolean;
}

/** Other keys are allowed: later versions will have more to say. */
export function parseLoadAnswer(text: string, where: string): Result<LoadAnswer, Problem> {
  return parseJson(text, where, (value) => {
    const answer = objectAt(value, 'the page');
    const optional = (key: string): number | null => (answer[key] == null ? null : numberAt(answer[key], key));
    const current = numberAt(answer['current'], 'current');
    return { current, target: optional('target'), max: optional('max'), isDraining: answer['draining'] === true };
  });
}

export const formatLoadAnswer = ({ current, target, max, isDraining }: LoadAnswer): string =>
  JSON.stringify({ current, target, max, draining: isDraining });
