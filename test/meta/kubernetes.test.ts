// The manifests of deploy/kubernetes as far as one can judge them without a cluster: what they name is there, the labels agree, and the
// configuration in them is right.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse, parseAllDocuments } from 'yaml';
import { ROOT } from '../support/paths.ts';
import { meridian } from '../support/server.ts';

const DIRECTORY = `${ROOT}deploy/kubernetes`;
const read = (file: string): string => readFileSync(join(DIRECTORY, file), 'utf8');

interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[];
}
interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly selector: { readonly matchLabels?: object };
    readonly template?: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly volumeMounts: readonly { readonly name: string }[];
        }[];
        readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
      };
    };
    readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
  };
}

const kustomization = parse(read('kustomization.yaml')) as Kustomization;
const resources = kustomization.resources.flatMap((file) => parseAllDocuments(read(file)).map((each) => each.toJS() as Resource));
const workloads = resources.filter(({ spec }) => spec?.template !== undefined);

test('there are a namespace, servers, their address, and probers', (t) => {
  t.deepEqual(
    resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ['Namespace meridian', 'DaemonSet dns', 'Service dns', 'Deployment probe'],
  );
});

test('every workload selects its own pods, and the service those of the servers', (t) => {
  for (const { spec } of workloads) t.deepEqual(spec!.selector.matchLabels, spec!.template!.metadata.labels);
  const service = resources.find(({ kind }) => kind === 'Service')!;
  t.deepEqual(service.spec!.selector as object, workloads[0]!.spec!.template!.metadata.labels);
  t.deepEqual(
    service.spec!.ports!.map(({ port, protocol }) => `${port}/${protocol}`),
    ['53/UDP', '53/TCP'],
  );
});

test('every volume that is mounted is there, and the configuration is the one that is generated', (t) => {
  for (const { spec } of workloads) {
    const { containers, volumes } = spec!.template!.spec;
    for (const { volumeMounts } of containers)
      for (const { name } of volumeMounts)
        t.true(
          volumes.some((volume) => volume.name === name),
          name,
        );
    t.is(volumes.find(({ configMap }) => configMap !== undefined)!.configMap!.name, kustomization.configMapGenerator[0]!.name);
  }
});

test('the configuration in the manifests is right', async (t) => {
  for (const file of kustomization.configMapGenerator[0]!.files) t.notThrows(() => read(file));
  const { code, stderr } = await meridian(['check', '--config', join(DIRECTORY, 'meridian.yaml')]);
  t.is(code, 0, stderr);
});
