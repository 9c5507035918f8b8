// Manifests against the types of the Kubernetes API: they are written down as TypeScript literals of the generated types, and the
// compiler says what field is unknown, missing, or of the wrong type.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

const MODULES: Readonly<Record<string, string>> = { 'apps/v1': 'kubernetes-types/apps/v1', v1: 'kubernetes-types/core/v1' };
/** Not of the API: what kustomize reads, as far as it is used here (kubectl.docs.kubernetes.io, kustomization file). */
const KUSTOMIZATION = `interface Kustomization {
  apiVersion: 'kustomize.config.k8s.io/v1beta1'; kind: 'Kustomization'; namespace?: string; resources?: string[];
  configMapGenerator?: { name: string; files?: string[] }[]; images?: { name: string; newName?: string; newTag?: string }[];
}`;
const OPTIONS = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--pretty',
  'false',
  '--module',
  'preserve',
  '--moduleResolution',
  'bundler',
  '--target',
  'es2023',
  '--types',
  '',
];

function declaration(manifest: Manifest, index: number): string {
  const { apiVersion, kind } = manifest;
  const module = MODULES[apiVersion];
  const type = kind === 'Kustomization' ? kind : `import('${module}').${kind}`;
  // Its own line: the place of an error tells which manifest has it.
  return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
}

/** What is wrong with each, by its place in `manifests`; empty if nothing is. */
export function complaintsOf(manifests: readonly Manifest[]): readonly string[] {
  // Below the project, where the compiler finds the package of types.
  const directory = mkdtempSync(join(ROOT, 'dist/manifests-'));
  try {
    const file = join(directory, 'manifests.ts');
    writeFileSync(file, [...manifests.map(declaration), KUSTOMIZATION].join('\n'));
    const { stdout, error } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), [...OPTIONS, file], { encoding: 'utf8' });
    if (error !== undefined) throw error;
    return stdout
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .map((line) => line.replace(/^.*\((\d+),\d+\): error TS\d+: /, (_, number) => `${manifests[Number(number) - 1]?.kind}: `));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
