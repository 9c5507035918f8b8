// The manifests of deploy/kubernetes as far as one can judge them without a cluster: they are what the types of the API allow, what they
// name is there, the labels agree, the namespace admits them, and the configuration in them is right.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse, parseAllDocuments } from 'yaml';
import { complaintsOf, type Manifest } from '../support/kubernetes-types.ts';
import { ROOT } from '../support/paths.ts';
import { meridian } from '../support/server.ts';

const DIRECTORY = `${ROOT}deploy/kubernetes`;
const read = (file: string): string => readFileSync(join(DIRECTORY, file), 'utf8');

interface Kustomization extends Manifest {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string; readonly files: readonly string[] }[];
}
interface Resource extends Manifest {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly selector: { readonly matchLabels?: object };
    readonly template?: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly volumeMounts: readonly { readonly name: string }[];
          readonly ports?: readonly object[];
          readonly securityContext: { readonly allowPrivilegeEscalation?: boolean; readonly capabilities?: object };
        }[];
        readonly securityContext: { readonly runAsUser?: number; readonly sysctls?: readonly { readonly name: string }[] };
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

test('every field is one that the API knows, with a value of its type', (t) => {
  t.deepEqual(complaintsOf([kustomization, ...resources]), []);
});

test('a field that the API does not know, one of the wrong type, and one that is missing are found', (t) => {
  const broken = (file: string, ...[from, to]: [string | RegExp, string]): Manifest => {
    const text = read(file).replace(from, to);
    t.not(text, read(file));
    return parseAllDocuments(text)[0]!.toJS() as Manifest;
  };
  const complaints = complaintsOf([
    broken('dns.yaml', 'nodeSelector:', 'nodeSelect:'),
    broken('dns.yaml', 'containerPort: 53', 'containerPort: "53"'),
    broken('probe.yaml', /^ {2}selector: .*$/m, ''),
    broken('probe.yaml', 'readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: 1'),
    broken('kustomization.yaml', 'configMapGenerator', 'configMapsGenerator'),
  ]);
  t.is(complaints.length, 5, complaints.join('\n'));
  t.regex(complaints[0]!, /^DaemonSet: .*nodeSelect.*does not exist/);
  t.regex(complaints[1]!, /^DaemonSet: Type 'string' is not assignable to type 'number'/);
  t.regex(complaints[2]!, /^Deployment: Property 'selector' is missing/);
  t.regex(complaints[3]!, /^Deployment: Type 'number' is not assignable to type 'boolean/);
  t.regex(complaints[4]!, /^Kustomization: .*configMapsGenerator.*does not exist/);
});

test('every pod is one that a namespace with the strictest Pod Security Standard admits', (t) => {
  // kubernetes.io/docs/concepts/security/pod-security-standards: restricted
  const volumeTypes = [
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ];
  const sysctls = ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_unprivileged_port_start'];
  t.is(resources.find(({ kind }) => kind === 'Namespace')!.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
  for (const { spec } of workloads) {
    const { containers, volumes, securityContext: pod, ...rest } = spec!.template!.spec;
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers', 'ephemeralContainers'])
      t.false(field in rest, field);
    t.like(pod, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    t.not(pod.runAsUser, 0);
    for (const { name } of pod.sysctls ?? []) t.true(sysctls.includes(name), name);
    for (const { name, ...source } of volumes) t.true(volumeTypes.includes(Object.keys(source)[0]!), name);
    for (const { securityContext, ports = [] } of containers) {
      t.is(securityContext.allowPrivilegeEscalation, false);
      t.deepEqual(securityContext.capabilities, { drop: ['ALL'], add: ['NET_BIND_SERVICE'] });
      t.false(ports.some((port) => 'hostPort' in port));
    }
  }
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
