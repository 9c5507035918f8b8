// Which parts of Meridian a process runs: `--role`, given several times or as a list with commas.

import type { Problem } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { MeshSettings, Role } from '../model/mesh.ts';

/** Roles that `meridian serve` can take, in the order in which they are shown. */
const SERVED: readonly Role[] = ['dns', 'probe', 'fleet', 'admin'];
/** Without --role, with either mesh. */
const DEFAULT_ROLES: readonly Role[] = ['dns', 'probe', 'admin'];

/** The roles that the command line asks for; none given are the default ones. ERR_ROLE for a word that is no role. */
export function readRoles(words: readonly string[]): Result<readonly Role[], Problem> {
  if (words.length === 0) return ok(DEFAULT_ROLES);
  const asked = words.flatMap((word) => word.split(',')).map((word) => word.trim());
  const unknown = asked.find((word) => !SERVED.includes(word as Role));
  if (unknown !== undefined) return err(roleProblem(`--role takes ${SERVED.join(', ')}, found "${unknown}"`));
  return ok(SERVED.filter((role) => asked.includes(role)));
}

/** Why a process with these roles would be of no use with this mesh; undefined if it is of use. */
export function findUselessRole(roles: readonly Role[], mesh: MeshSettings): Problem | undefined {
  if (roles.includes('dns') || mesh.kind !== 'memory') return undefined;
  return roleProblem(
    `--role ${roles.join(',')} without dns has nobody to tell what it sees: set mesh.redis in the configuration, or add the role dns`,
  );
}

const roleProblem = (message: string): Problem => ({ severity: 'error', code: 'ERR_ROLE', message });
