import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { formatProblem } from '../../../src/base/errors.ts';
import { areUnchanged, readRegularFile } from '../../../src/config/files.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { type LoadedZone, loadZone } from '../../../src/config/zone-files.ts';
import { parseNetworkMap } from '../../../src/geo/network-map.ts';
import { nameFromText } from '../../../src/wire/name.ts';
import { fixture } from '../../support/paths.ts';

const scratch = mkdtempSync(join(tmpdir(), 'meridian-zones-'));
test.after.always(() => rmSync(scratch, { recursive: true }));

const CONFIG = `
zones: { directory: none }
sites: { lon: { latitude: 51.5, longitude: -0.1 } }
pools:
  web: { members: [{ site: lon, v4: 192.0.2.1 }] }
  cdn: { members: [{ site: lon, alias: cdn.example.net }] }
policies:
  www: { rule: { pool: web } }
  alias: { rule: { pool: cdn } }
  last-resort: { rule: { pool: web }, lastResort: { fallback: cdn } }
  deep:
    rule:
      map:
        country: { GB: { failover: [{ pool: web }, { weighted: [{ weight: 1, rule: { policy: alias } }] }] } }
        network: { 192.0.2.0/24: { nearest: web } }
        default: { pool: web }
`;
writeFileSync(join(scratch, 'config.yaml'), CONFIG);
const model = loadConfig(join(scratch, 'config.yaml')).snapshot!.steering;

const HEAD = '$TTL 60\n@ SOA ns hostmaster 1 60 60 60 60\n@ NS ns.example.net.\n';

let count = 0;
/** A directory of its own with these files; `zone` is the zone's. */
function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = join(scratch, String(count++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

function load(directory: string): LoadedZone {
  return loadZone({ usesEcs: true, origin: nameFromText('example.test.') as Uint8Array, file: join(directory, 'zone') }, model);
}

/** Complaints without the directory. */
const complaints = (zone: LoadedZone, directory: string): string[] =>
  zone.problems.map((problem) => formatProblem(problem).replaceAll(`${directory}/`, ''));

test('a good zone gives its records, its files and its use of policies', (t) => {
  const directory = directoryWith({ zone: `${HEAD}www 30 GSLB www\nwww MX 10 mail.example.net.\n` });
  const zone = load(directory);
  t.deepEqual(complaints(zone, directory), []);
  t.is(zone.records!.count, 4);
  t.deepEqual(
    zone.files.map(({ file }) => file),
    [join(directory, 'zone')],
  );
  t.deepEqual(zone.gslbUses, [
    { policy: 'www', maxTtlSec: 30, owner: 'www.example.test.', beside: 'MX', file: join(directory, 'zone'), line: 4 },
  ]);
});

test('a zone without steering uses no policy', (t) => {
  t.deepEqual(load(directoryWith({ zone: HEAD })).gslbUses, []);
});

test('a zone with an error gives no records', (t) => {
  const zone = load(directoryWith({ zone: 'nonsense\n' }));
  t.is(zone.records, undefined);
  t.true(zone.problems.length > 0);
});

test('a zone file that cannot be read is one complaint', (t) => {
  const directory = directoryWith({ 'other/x': '' });
  t.deepEqual(complaints(load(directory), directory), ['zone: error ERR_ZONE_FILE: zone file cannot be read: it does not exist']);
  mkdirSync(join(directory, 'zone'));
  t.deepEqual(complaints(load(directory), directory), [
    'zone: error ERR_ZONE_FILE: zone file cannot be read: it is not a regular file',
  ]);
});

test('a policy that is not defined is an error at the record, with a suggestion', (t) => {
  const directory = directoryWith({ zone: `${HEAD}a 30 GSLB wwww\nb 30 GSLB nothing-like-it\n` });
  const zone = load(directory);
  t.is(zone.records, undefined);
  t.deepEqual(complaints(zone, directory), [
    'zone:4: error ERR_ZONE_GSLB_TARGET: a.example.test. names the policy "wwww", which is not defined; did you mean "www"? defined are: www, alias, last-resort, deep',
    'zone:5: error ERR_ZONE_GSLB_TARGET: b.example.test. names the policy "nothing-like-it", which is not defined; defined are: www, alias, last-resort, deep',
  ]);
});

test('an alias may not stand at the apex', (t) => {
  const directory = directoryWith({ zone: `${HEAD}@ 30 GSLB alias\n` });
  t.deepEqual(complaints(load(directory), directory), [
    'zone:4: error ERR_ZONE_GSLB_ALIAS: example.test. has SOA and NS of the apex beside the policy "alias", which may answer with an alias; an alias stands alone',
  ]);
});

test('an alias may not stand beside other data, wherever in the zone and in whatever case that is written', (t) => {
  for (const policy of ['alias', 'last-resort', 'deep']) {
    const directory = directoryWith({ zone: `${HEAD}WWW TXT "x"\nother TXT "y"\nwww 30 GSLB ${policy}\nwww HTTPS 1 .\n` });
    t.deepEqual(complaints(load(directory), directory), [
      `zone:6: error ERR_ZONE_GSLB_ALIAS: www.example.test. has TXT beside the policy "${policy}", which may answer with an alias; an alias stands alone`,
    ]);
  }
});

test('an alias alone at its name is fine, also at a wildcard and beside data of other names', (t) => {
  const directory = directoryWith({ zone: `${HEAD}www 30 GSLB alias\n*.apps 30 GSLB deep\na.www TXT "x"\nwwx TXT "x"\n` });
  t.deepEqual(complaints(load(directory), directory), []);
});

test('addresses alone may stand beside anything but addresses', (t) => {
  const directory = directoryWith({ zone: `${HEAD}@ 30 GSLB www\n@ MX 10 mail.example.net.\n` });
  t.deepEqual(complaints(load(directory), directory), []);
});

test('inclusions are read relative to the file that includes them, and listed among the files', (t) => {
  const directory = directoryWith({
    zone: `${HEAD}$INCLUDE parts/a.inc\n`,
    'parts/a.inc': '$INCLUDE b.inc\n',
    'parts/b.inc': 'www 30 GSLB nowhere\n',
  });
  const zone = load(directory);
  t.deepEqual(
    zone.files.map(({ file }) => file),
    ['zone', 'parts/a.inc', 'parts/b.inc'].map((file) => join(directory, file)),
  );
  t.regex(complaints(zone, directory)[0]!, /^parts\/b\.inc:1: error ERR_ZONE_GSLB_TARGET/);
});

test('an inclusion may not leave the directory of the zone', (t) => {
  const outside = directoryWith({ secret: 'www TXT "secret"\n' });
  for (const path of ['../secret', `${outside}/secret`, 'parts/../../secret', '/etc/hostname']) {
    const directory = directoryWith({ zone: `${HEAD}$INCLUDE ${path}\n`, 'parts/x': '', '../secret': 'www TXT "secret"\n' });
    const zone = load(directory);
    t.is(zone.records, undefined);
    t.regex(complaints(zone, directory).join(), /^zone:4:\d+: error ERR_ZONE_INCLUDE: .*outside/, path);
    t.is(zone.files.length, 1);
  }
});

test('an inclusion may not leave the directory through a symbolic link', (t) => {
  const outside = directoryWith({ secret: 'www TXT "secret"\n' });
  const directory = directoryWith({ zone: `${HEAD}$INCLUDE link\n$INCLUDE linked/secret\n` });
  symlinkSync(join(outside, 'secret'), join(directory, 'link'));
  symlinkSync(outside, join(directory, 'linked'));
  const zone = load(directory);
  t.deepEqual(
    zone.problems.map(({ code, line }) => [code, line]),
    [
      ['ERR_ZONE_INCLUDE', 4],
      ['ERR_ZONE_INCLUDE', 5],
    ],
  );
});

test('a name that merely begins with two dots is inside', (t) => {
  const directory = directoryWith({ zone: `${HEAD}$INCLUDE ..data\n`, '..data': 'www TXT "x"\n' });
  t.deepEqual(complaints(load(directory), directory), []);
});

test('a link inside the directory is followed, and the file has one name', (t) => {
  const directory = directoryWith({ zone: `${HEAD}$INCLUDE link\n`, 'parts/real': 'www TXT "x"\n' });
  symlinkSync(join(directory, 'parts/real'), join(directory, 'link'));
  t.deepEqual(
    load(directory).files.map(({ file }) => file),
    [join(directory, 'zone'), join(directory, 'parts/real')],
  );
});

test('a zone that includes itself through a link ends in an error', (t) => {
  const directory = directoryWith({ zone: `${HEAD}$INCLUDE again\n` });
  symlinkSync(join(directory, 'zone'), join(directory, 'again'));
  t.true(load(directory).problems.some(({ code }) => code === 'ERR_ZONE_INCLUDE'));
});

test('a directory that is reached through a link holds its inclusions', (t) => {
  const directory = directoryWith({ zone: `${HEAD}$INCLUDE part\n`, part: 'www TXT "x"\n' });
  const link = join(realpathSync(scratch), 'link-to-zones');
  symlinkSync(directory, link);
  t.deepEqual(complaints(load(link), link), []);
});

test('inclusions that are missing, or are no regular files, are errors', (t) => {
  const directory = directoryWith({ zone: `${HEAD}$INCLUDE missing\n$INCLUDE parts\n`, 'parts/x': '' });
  const zone = load(directory);
  t.deepEqual(
    zone.problems.map(({ code, line }) => [code, line]),
    [
      ['ERR_ZONE_INCLUDE', 4],
      ['ERR_ZONE_INCLUDE', 5],
    ],
  );
});

test('files are unchanged until one of them is written, touched or removed', (t) => {
  const directory = directoryWith({ zone: `${HEAD}$INCLUDE part\n`, part: 'www TXT "x"\n' });
  const { files } = load(directory);
  t.true(areUnchanged(files));
  t.true(areUnchanged([]));
  const part = join(directory, 'part');
  utimesSync(part, new Date(0), new Date(0));
  t.false(areUnchanged(files));
  const { files: touched } = load(directory);
  writeFileSync(part, 'www TXT "longer"\n');
  utimesSync(part, new Date(0), new Date(0));
  t.false(areUnchanged(touched));
  rmSync(part);
  t.false(areUnchanged(touched));
});

test('a file above the limit is refused by its size', (t) => {
  const directory = directoryWith({ zone: '0123456789' });
  t.deepEqual(readRegularFile(join(directory, 'zone'), 9), { ok: false, error: 'it has 10 octets; at most 9 are allowed' });
  t.true(readRegularFile(join(directory, 'zone'), 10).ok);
});

test('the demo zone loads without a complaint and uses every policy of the demo', (t) => {
  const demo = loadConfig(fixture('../../zones/meridian.yaml'));
  t.is(demo.snapshot!.zones.length, 1);
  const zone = loadZone(demo.snapshot!.zones[0]!, demo.snapshot!.steering);
  t.deepEqual(zone.problems, []);
  t.true(zone.records!.count > 20);
  const used = new Set(zone.gslbUses.map(({ policy }) => policy));
  t.deepEqual(
    [...demo.ifUnused.keys()].filter((policy) => !used.has(policy)),
    [],
  );
});

test('the network map of the demo is well-formed and serves the policies', (t) => {
  const { geo } = loadConfig(fixture('../../zones/meridian.yaml')).snapshot!;
  const [file] = geo.networkMapFiles;
  const { map, problems } = parseNetworkMap(file!, readFileSync(file!, 'utf8'));
  t.deepEqual(problems, []);
  t.true(map.entries.some(({ facts }) => facts.tag === 'office'));
});
