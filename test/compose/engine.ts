// Where the images come from: the engine that is there or one of our own, base images that are there, from a registry, or stand-ins.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './stack.ts';

const HERE = fileURLToPath(new URL('../../../test/compose/', import.meta.url));
/** debootstrap and four imports on a slow machine. */
const BASES_LIMIT_MS = 1_800_000;

export interface Engine {
  readonly environment: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

const answers = (environment: NodeJS.ProcessEnv): boolean => spawnSync('docker', ['info'], { env: environment }).status === 0;

/** The engine that DOCKER_HOST or the system names; else one of our own below `work`, which `stop` ends. */
export async function findEngine(work: string): Promise<Engine> {
  if (answers(process.env)) return { environment: process.env, stop: () => Promise.resolve() };
  const environment = { ...process.env, DOCKER_HOST: `unix://${join(work, 'docker.sock')}` };
  const isThere = answers(environment);
  const script = join(HERE, 'engine.sh');
  if (!isThere) await must([script, 'start', work], environment);
  return { environment, stop: async () => (isThere ? undefined : must([script, 'stop', work], environment)) };
}

/** Makes the stand-ins that are missing; the result names them for docker-compose.yml. */
export async function standIns(work: string, environment: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  await must([join(HERE, 'bases.sh'), join(work, 'bases')], environment);
  const major = process.versions.node.split('.')[0];
  return { ...environment, NODE_IMAGE: `node:${major}-bookworm-slim`, CLIENT_IMAGE: 'meridian-stand-in:tools' };
}

async function must(command: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const { code } = await runCommand(command, environment, BASES_LIMIT_MS, true);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with code ${code}`);
}
