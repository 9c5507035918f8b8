// The one logger of the process. JSON lines for machines; a readable line for people at a terminal.

import { pino } from 'pino';
import type { Logger } from '../base/logger.ts';
import type { ServerSettings } from '../model/snapshot.ts';

/** Logs go to standard output. `auto` chooses text for a terminal, JSON otherwise. */
export async function createLogger(settings: ServerSettings['log']): Promise<Logger> {
  const isText = settings.format === 'text' || (settings.format === 'auto' && process.stdout.isTTY === true);
  const options = { level: settings.level, base: null };
  if (!isText) return pino(options) as Logger;
  const { build: pretty } = await import('pino-pretty');
  // In the same thread, so that the last lines before an exit are not lost.
  const text = pretty({ sync: true, colorize: process.stdout.isTTY === true, translateTime: 'SYS:HH:MM:ss.l' });
  return pino(options, text) as Logger;
}
