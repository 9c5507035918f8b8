// The state directory of a server: it is there and can be written to before anything else begins.

import { accessSync, constants, mkdirSync } from 'node:fs';
import type { Problem } from '../../base/errors.ts';
import { reasonOf } from '../../base/file-reason.ts';

/** Makes it if need be. ERR_STATE if it cannot be used. */
export function makeStateDirectory(path: string): Problem | undefined {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const message = `state directory ${path} cannot be used: ${reasonOf(error)}; make it writable for this user, or set another server.stateDirectory`;
    return { severity: 'error', code: 'ERR_STATE', message };
  }
}
