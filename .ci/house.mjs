// The house: which folder of src/ may import which (docs/architecture.md draws it), and which folders may use node: modules
// or a third-party package. `node .ci/house.mjs` writes these rules into biome.json; with --check it fails if they differ.

import { readFileSync, writeFileSync } from 'node:fs';

/** folder -> folders it may import, ground floor first. */
export const MAY_IMPORT = {
  base: [],
  addon: [],
  metrics: ['base'],
  wire: ['base'],
  zone: ['base', 'wire'],
  model: ['base'],
  geo: ['base', 'model'],
  steering: ['base', 'model', 'geo'],
  health: ['base', 'model'],
  balance: ['base', 'model'],
  responder: ['base', 'metrics', 'wire', 'zone', 'geo', 'steering', 'model'],
  transfer: ['base', 'metrics', 'wire', 'zone', 'model'],
  config: ['base', 'wire', 'zone', 'geo', 'model', 'balance'],
  transport: ['base', 'addon', 'metrics', 'model', 'responder'],
  client: ['base', 'wire'],
  mesh: ['base', 'model', 'metrics'],
  drill: ['base', 'wire'],
  probe: ['base', 'model', 'client', 'metrics'],
  fleet: ['base', 'addon', 'model', 'health', 'metrics'],
  site: ['base', 'addon', 'model', 'balance', 'metrics'],
  sim: ['base', 'model', 'geo', 'steering', 'config'],
  admin: ['base', 'model', 'config', 'metrics'],
  migrate: ['base', 'wire', 'zone', 'model', 'geo'],
  watch: ['base', 'model'],
  app: null, // the composition root may import everything
};

/** Folders whose code is pure: no node: module, no clock, no random number. */
export const PURE = ['wire', 'zone', 'steering', 'health', 'balance', 'responder', 'transfer', 'migrate'];

/** package -> the one folder that may import it, or the few. */
export const PACKAGE_HOME = {
  maxmind: 'geo',
  zod: ['config', 'admin'],
  yaml: 'config',
  dns2: 'client',
  ioredis: 'mesh',
  'rate-limiter-flexible': 'site',
  'http-cache-semantics': 'site',
  highs: 'sim',
  fastify: 'admin',
  '@fastify/rate-limit': 'admin',
  '@fastify/swagger': 'admin',
  'fastify-type-provider-zod': 'admin',
  'prom-client': 'admin',
  '@opentelemetry/api': 'watch',
  pino: 'app',
  'pino-pretty': 'app',
};

const folders = Object.keys(MAY_IMPORT);

function rulesFor(folder) {
  const allowed = MAY_IMPORT[folder] ?? folders;
  const forbidden = folders.filter((other) => other !== folder && !allowed.includes(other));
  const patterns = forbidden.map((other) => ({
    group: [`**/${other}/**`],
    message: `${folder}/ may import only: ${allowed.join(', ') || 'nothing'} (see docs/architecture.md)`,
  }));
  const paths = Object.fromEntries(
    Object.entries(PACKAGE_HOME)
      .map(([name, home]) => [name, [home].flat()])
      .filter(([, homes]) => !homes.includes(folder) && folder !== 'app')
      .map(([name, homes]) => [name, `only ${homes.join('/ and ')}/ imports ${name}`]),
  );
  if (PURE.includes(folder)) patterns.push({ group: ['node:*', 'node:*/**'], message: `${folder}/ is pure: no node: module` });
  const rule = { level: 'error', options: { paths, patterns } };
  return {
    includes: [`src/${folder}/**`],
    linter: { rules: { style: { noRestrictedImports: rule } } },
  };
}

const file = new URL('../biome.json', import.meta.url);
const text = readFileSync(file, 'utf8');
const config = JSON.parse(text);
config.overrides = folders.map(rulesFor).concat(config.overrides.filter((o) => !o.includes[0].startsWith('src/')));
const wanted = `${JSON.stringify(config, null, 2)}\n`;
if (process.argv.includes('--check')) {
  if (JSON.stringify(JSON.parse(wanted)) !== JSON.stringify(JSON.parse(text))) {
    console.error('biome.json does not hold the rules of .ci/house.mjs; run: node .ci/house.mjs');
    process.exit(1);
  }
} else writeFileSync(file, wanted);
