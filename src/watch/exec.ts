// One attempt to hand a message to a program: arguments as configured, no shell, the message on its standard input. It has taken the
// message if it ends with 0. What outlives its time is killed with all its children.

import { spawn } from 'node:child_process';
import type { Message, Send } from './outbox.ts';

const MOST_COMPLAINT = 500;

/** `command` is the program and its arguments. */
export function exec(command: readonly string[]): Send {
  const [program, ...args] = command;
  return ({ id, body }: Message, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const child = spawn(program!, args, {
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true, // a group of its own, so that all of it can be ended
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', MERIDIAN_ALERT_ID: id },
      });
      let complaint = '';
      const stop = (): void => {
        try {
          process.kill(-child.pid!, 'SIGKILL');
        } catch {
          // it has just ended
        }
      };
      signal.addEventListener('abort', stop);
      child.stderr.on('data', (chunk: Buffer) => {
        if (complaint.length < MOST_COMPLAINT) complaint += chunk.toString();
      });
      child.stdin.on('error', () => {}); // it need not read the message
      child.on('error', (error) => {
        signal.removeEventListener('abort', stop);
        reject(error);
      });
      child.on('close', (code, ended) => {
        signal.removeEventListener('abort', stop);
        if (signal.aborted) reject(signal.reason as Error);
        else if (code === 0) resolve();
        else reject(new Error(`it ended with ${code ?? ended}${complaint === '' ? '' : `: ${firstLine(complaint)}`}`));
      });
      child.stdin.end(body);
    });
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0]!.slice(0, MOST_COMPLAINT);
