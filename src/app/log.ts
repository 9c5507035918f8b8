// The one logger of the process. JSON lines for machines; a readable line for people at a terminal.

import { pino } from 'pino';
import { build as pretty } from 'pino-pretty';
import type { Logger } from '../base/logger.ts';
import type { ServerSettings } from '../model/snapshot.ts';

/** Logs go to standard output. `auto` chooses text for a terminal, JSON otherwise. */
export function createLogger(settings: ServerSettings['log']): Logger {
  const isText = settings.format === 'text' || (settings.format === 'auto' && process.stdout.isTTY === true);
  const options = { level: settings.level, base: null };
  if (!isText) return pino(options);
  // In the same thread, so that the last lines before an exit are not lost.
  return pino(options, pretty({ sync: true, colorize: process.stdout.isTTY === true, translateTime: 'SYS:HH:MM:ss.l' }));
}
