// Which parts of Meridian a process runs: `--role`, given several times or as a list with commas.

import type { Problem } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { didYouMean, list } from '../../config/suggest.ts';
import type { MeshSettings, Role } from '../../model/mesh.ts';
import type { Snapshot } from '../../model/snapshot.ts';

/** Roles that `meridian serve` can take, in the order in which they are shown. */
const SERVED: readonly Role[] = ['dns', 'probe', 'fleet', 'site', 'admin'];
/** Without --role, with either mesh; and `site`, if the configuration has agents. */
const DEFAULT_ROLES: readonly Role[] = ['dns', 'probe', 'admin'];

/** The roles that the command line asks for; null = none was given. ERR_ROLE for a word that is no role. */
export function readRoles(words: readonly string[]): Result<readonly Role[] | null, Problem> {
  if (words.length === 0) return ok(null);
  const asked = words.flatMap((word) => word.split(',')).map((word) => word.trim());
  const unknown = asked.find((word) => !SERVED.includes(word as Role));
  if (unknown !== undefined) return err(roleProblem(`--role takes ${SERVED.join(', ')}, found "${unknown}"`));
  return ok(SERVED.filter((role) => asked.includes(role)));
}

/** Roles for a configuration, where the command line does not say. */
export const defaultRoles = ({ site }: Pick<Snapshot, 'site'>): readonly Role[] =>
  SERVED.filter((role) => DEFAULT_ROLES.includes(role) || (role === 'site' && site.length > 0));

/** Whether the agents that `--site` names (null = all) are there for the role `site`; undefined if they are. */
export function findMissingSite(
  roles: readonly Role[],
  sites: readonly string[] | null,
  { site }: Pick<Snapshot, 'site'>,
): Problem | undefined {
  const known = site.map((one) => one.site);
  if (!roles.includes('site')) {
    return sites === null ? undefined : roleProblem('--site is of use with the role site only: add --role site, or leave it out');
  }
  if (known.length === 0) return roleProblem('--role site needs the section "site" in the configuration: it has none');
  const unknown = sites?.find((id) => !known.includes(id));
  if (unknown === undefined) return undefined;
  return roleProblem(
    `--site ${unknown} has no entry under "site" in the configuration${didYouMean(unknown, known) || ';'} there are: ${list(known)}`,
  );
}

/** Why a process with these roles would be of no use with this mesh; undefined if it is of use. */
export function findUselessRole(roles: readonly Role[], mesh: MeshSettings): Problem | undefined {
  const others = roles.filter((role) => role !== 'site'); // an agent balances for its site, whoever hears of it
  if (roles.includes('dns') || others.length === 0 || mesh.kind !== 'memory') return undefined;
  return roleProblem(
    `--role ${others.join(',')} without dns has nobody to tell what it sees: set mesh.redis in the configuration, or add the role dns`,
  );
}

const roleProblem = (message: string): Problem => ({ severity: 'error', code: 'ERR_ROLE', message });
