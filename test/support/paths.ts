// Where things are, seen from a compiled test in dist/test/.

import { fileURLToPath } from 'node:url';

/** Root of the project, with a final slash. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const fixture = (name: string): string => `${ROOT}test/fixtures/${name}`;

/** An environment in which Debian's servers are found: it keeps them where only root's PATH leads. */
export const WITH_SERVERS: NodeJS.ProcessEnv = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
