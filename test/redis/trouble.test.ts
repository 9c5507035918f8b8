// Redis misconfigured or misused: one clear line each, in the status and in the log, and nothing else disturbed.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { MeshTls, RedisMeshSettings } from '../../src/model/mesh.ts';
import { closedTcpPort } from '../support/closed-port.ts';
import { override } from '../support/mesh.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { type Member, memberFactory, onRedis } from '../support/redis-stage.ts';
import { reservePortFor } from '../support/reserved-port.ts';

const test = (hasRedis ? anyTest.serial : anyTest.skip) as TestFn;

const directory = mkdtempSync(join(tmpdir(), 'meridian-redis-'));
anyTest.after.always(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const goodPassword = file('good', 'secret\nnot this line\n');
const wrongPassword = file('wrong', 'guess\n');

async function hasTrouble(t: ExecutionContext, member: Member, pattern: RegExp): Promise<void> {
  await member.until(() => pattern.test(member.mesh.status.trouble ?? ''), `trouble like ${pattern}`);
  const line = member.mesh.status.trouble ?? '';
  t.false(line.includes('\n'));
  t.false(/secret|guess/.test(line));
  const [code, ...text] = line.split(': ');
  t.is(member.lines.filter((logged) => logged === `${code} ${text.join(': ')}`).length, 1, 'logged once');
}

/** A member that cannot join: start returns all the same. */
const outsider = (member: (id: string, more: object) => Promise<Member>, settings: Partial<RedisMeshSettings>): Promise<Member> =>
  member('a', { settings, joinWithinMs: 100 });

const withPassword = ['--requirepass', 'secret'];

test(
  'a wrong password is refused, and a right one in the same file is taken at the next attempt',
  onRedis(withPassword, async (t, { member }) => {
    const passwordFile = file('changing', 'guess\n');
    const a = await outsider(member, { passwordFile });
    await hasTrouble(t, a, /^ERR_MESH_AUTH: redis 127\.0\.0\.1:\d+ refuses the user or the password$/);
    t.is(a.mesh.status.state, 'joining');
    file('changing', 'secret\n');
    await a.is('joined');
    t.is(a.mesh.status.trouble, null);
  }),
);

test(
  'a missing password is asked for',
  onRedis(withPassword, async (t, { member }) => {
    await hasTrouble(t, await outsider(member, {}), /^ERR_MESH_AUTH: redis \S+ asks for a password/);
  }),
);

test(
  'a password that Redis does not need does no harm',
  onRedis([], async (t, { member }) => {
    const a = await member('a', { settings: { passwordFile: goodPassword } });
    t.is(a.mesh.status.state, 'joined');
  }),
);

test(
  'a password file that cannot be read is named',
  onRedis([], async (t, { member }) => {
    await hasTrouble(
      t,
      await outsider(member, { passwordFile: '/nowhere/password' }),
      /^ERR_MESH_AUTH: \/nowhere\/password cannot be read: ENOENT$/,
    );
  }),
);

test(
  'a user with exactly the permissions of docs/mesh.md can do everything, one without cannot',
  onRedis([], async (t, { server, member }) => {
    const permissions = ['~{meridian}:*', '&{meridian}:*', '+evalsha', '+eval', '+hget', '+hmget', '+hgetall', '+hset', '+hdel'];
    const more = [
      '+hincrby',
      '+zadd',
      '+zrem',
      '+zscore',
      '+zrangebyscore',
      '+zremrangebyscore',
      '+xadd',
      '+xread',
      '+xrevrange',
    ];
    await server.run(
      'ACL',
      'SETUSER',
      'meridian',
      'on',
      '>secret',
      ...permissions,
      ...more,
      '+del',
      '+pexpire',
      '+publish',
      '+subscribe',
      '+time',
      '+wait',
      '+select',
    );
    await server.run('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '&*', '+@read', '+subscribe');
    const a = await member('a', { settings: { username: 'meridian', passwordFile: goodPassword, database: 3 } });
    a.vote('x#4', 1);
    a.mesh.withdraw();
    a.vote('x#4', 2);
    await a.mesh.saveVerdicts([]);
    const change = await a.mesh.changeOverrides(0, [override('1')]);
    t.true(change.ok);
    const b = await member('b', { settings: { username: 'meridian', passwordFile: goodPassword, database: 3 } });
    await b.sawVote('x#4', 2);
    await b.mesh.loadVerdicts();
    t.deepEqual([a.mesh.status.trouble, b.mesh.status.trouble], [null, null]);
    const reader = await outsider(member, { username: 'reader', passwordFile: goodPassword });
    await hasTrouble(t, reader, /^ERR_MESH_AUTH: redis \S+ does not permit a command, key or channel to the user/);
  }),
);

test(
  'a database that Redis does not have is refused instead of falling back to another',
  onRedis(['--databases', '4'], async (t, { member }) => {
    await hasTrouble(t, await outsider(member, { database: 9 }), /^ERR_MESH_REPLY: redis \S+: ERR DB index is out of range/);
  }),
);

for (const key of ['state', 'peers', 'alive', 'voters', 'log', 'overrides', 'votes:a', 'verdicts']) {
  test(
    `another type of value under ${key} is named, and once it is gone everything works`,
    onRedis([], async (t, { server, member }) => {
      await server.run('SET', `{meridian}:${key}`, 'something else');
      const a = await outsider(member, {});
      a.vote('x#4', 1);
      await a.mesh.saveVerdicts([{ target: 'x#4', state: 'up', isUp: true, sinceMs: 1, why: '' }]);
      await hasTrouble(t, a, /^ERR_MESH_TYPE: redis \S+ holds another type of value \(.+\)$/);
      await server.run('DEL', `{meridian}:${key}`);
      await a.is('joined');
      await a.until(() => a.mesh.status.trouble === null);
      t.true((await a.mesh.changeOverrides(0, [override('1')])).ok);
      const b = await member('b');
      await b.sawVote('x#4', 1);
    }),
  );
}

test(
  'a replica is told from a master',
  onRedis([], async (t, { server, member }) => {
    const replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
    t.teardown(() => replica.stop());
    const a = await outsider(member, { topology: { kind: 'standalone', endpoint: { host: '127.0.0.1', port: replica.port } } });
    await hasTrouble(t, a, /^ERR_MESH_READONLY: redis \S+ is a read-only replica/);
    await replica.run('REPLICAOF', 'NO', 'ONE');
    await a.is('joined');
  }),
);

test(
  'a Redis that is full says so, and is used for reading as far as it goes',
  onRedis([], async (t, { server, member }) => {
    const a = await member('a');
    await server.run('CONFIG', 'SET', 'maxmemory', 1);
    await hasTrouble(t, a, /^ERR_MESH_MEMORY: redis \S+ is out of memory \(maxmemory\)/);
    await a.is('stale');
    const change = await a.mesh.changeOverrides(0, [override('1')]);
    t.is(change.ok ? '' : change.error.code, 'ERR_MESH_UNAVAILABLE');
    a.vote('x#4', 1);
    await server.run('CONFIG', 'SET', 'maxmemory', 0);
    await a.is('joined');
    const b = await member('b');
    await b.sawVote('x#4', 1);
    t.is(a.mesh.overrides.version, 0);
  }),
);

test(
  'a Redis that cannot save to its disk and refuses writes says so',
  onRedis([], async (t, { server, member }) => {
    const a = await member('a');
    rmSync(server.directory, { recursive: true });
    await server.run('CONFIG', 'SET', 'save', '3600 1');
    await server.run('BGSAVE');
    await hasTrouble(t, a, /^ERR_MESH_DISK: redis \S+ cannot save to its disk and refuses writes/);
    await server.run('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    await a.is('joined');
  }),
);

test(
  'a Redis that is still loading is waited for',
  onRedis(['--key-load-delay', '100000', '--loading-process-events-interval-bytes', '1024'], async (t, { server, member }) => {
    const filler = server.client();
    for (let i = 0; i < 150; i++) await filler.set(`filler:${i}`, 'x'.repeat(100));
    filler.disconnect();
    await server.run('SAVE');
    await server.kill();
    await server.restart([], /Server initialized|monotonic clock/);
    const a = await outsider(member, {});
    await hasTrouble(t, a, /^ERR_MESH_LOADING: redis \S+ is still loading its data/);
    await server.run('CONFIG', 'SET', 'key-load-delay', 0);
    await a.is('joined');
  }),
);

test('an address where nobody listens is named', async (t) => {
  const { member, closeAll } = memberFactory(await closedTcpPort(t));
  t.teardown(closeAll);
  await hasTrouble(t, await outsider(member, {}), /^ERR_MESH_UNREACHABLE: redis \S+: connect ECONNREFUSED/);
});

test('a name that does not resolve is named', async (t) => {
  const { member, closeAll } = memberFactory(1);
  t.teardown(closeAll);
  const topology = { kind: 'standalone', endpoint: { host: 'redis.invalid', port: 6379 } } as const;
  await hasTrouble(t, await outsider(member, { topology }), /^ERR_MESH_UNREACHABLE: redis redis\.invalid:6379: getaddrinfo /);
});

test('sentinels that are all down are named', async (t) => {
  const { member, closeAll } = memberFactory(1);
  t.teardown(closeAll);
  const sentinels = [{ host: '127.0.0.1', port: await closedTcpPort(t) }];
  const topology = { kind: 'sentinel', sentinels, master: 'main', username: null, passwordFile: null, tls: false } as const;
  await hasTrouble(t, await outsider(member, { topology }), /^ERR_MESH_UNREACHABLE: redis master main of sentinels \S+: /);
});

test('a cluster of which no node answers is named', async (t) => {
  const { member, closeAll } = memberFactory(1);
  t.teardown(closeAll);
  const topology = { kind: 'cluster', nodes: [{ host: '127.0.0.1', port: await closedTcpPort(t) }] } as const;
  await hasTrouble(t, await outsider(member, { topology }), /^ERR_MESH_UNREACHABLE: redis cluster \S+: /);
});

test(
  'two processes with one id: the one that started last is heard, the other is told',
  onRedis([], async (t, { member }) => {
    const first = await member('a', { self: { epoch: 1 } });
    const watcher = await member('w');
    first.vote('x#4', 9);
    await watcher.sawVote('x#4', 9);
    const second = await member('a', { self: { epoch: 2 } });
    await hasTrouble(t, first, /^ERR_MESH_DUPLICATE: another process that started later has the id a$/);
    second.vote('x#4', 1);
    await watcher.until(() => watcher.votes.some(({ epoch }) => epoch === 2));
    first.vote('x#4', 10);
    second.vote('x#4', 2);
    await watcher.sawVote('x#4', 2);
    t.false(watcher.votes.some(({ seq }) => seq === 10));
    t.is(second.mesh.status.trouble, null);
  }),
);

test(
  'a process whose clock was set back between two starts is heard once its former self has expired',
  onRedis([], async (t, { member }) => {
    const watcher = await member('w', { settings: { expiryMs: 700 } });
    const before = await member('a', { self: { epoch: 100 }, settings: { expiryMs: 700 } });
    before.vote('x#4', 1);
    await watcher.sawVote('x#4', 1);
    await before.mesh.close();
    const after = await member('a', { self: { epoch: 50 }, settings: { expiryMs: 700 } });
    after.vote('y#4', 1, {});
    await watcher.sawVote('y#4', 1);
    t.is(after.mesh.status.trouble, null);
  }),
);

function makeCertificates(): { readonly caFile: string; readonly certificateFile: string; readonly keyFile: string } {
  const run = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  run('req', '-x509', ...key, '-subj', '/CN=mesh test authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  run('req', '-x509', ...key, '-subj', '/CN=other authority', '-keyout', 'other.key', '-out', 'other.pem');
  run('req', ...key, '-subj', '/CN=redis.test', '-keyout', 'redis.key', '-out', 'redis.csr');
  file('san', 'subjectAltName=DNS:redis.test\n');
  run(
    'x509',
    '-req',
    '-in',
    'redis.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'san',
    '-out',
    'redis.pem',
  );
  chmodSync(join(directory, 'redis.key'), 0o600);
  return {
    caFile: join(directory, 'ca.pem'),
    certificateFile: join(directory, 'redis.pem'),
    keyFile: join(directory, 'redis.key'),
  };
}

test('over TLS the certificate, the name and the client certificate are checked', async (t) => {
  const { caFile, certificateFile, keyFile } = makeCertificates();
  const tlsPort = await reservePortFor(t);
  const files = ['--tls-ca-cert-file', caFile, '--tls-cert-file', certificateFile, '--tls-key-file', keyFile];
  const server = await RedisServer.start({ args: ['--tls-port', String(tlsPort), ...files] });
  const { member, closeAll } = memberFactory(tlsPort);
  try {
    const good: MeshTls = { caFile, certificateFile, keyFile, serverName: 'redis.test', verify: true };
    const a = await member('a', { settings: { tls: good } });
    a.vote('x#4', 1);
    const b = await member('b', { settings: { tls: { ...good, caFile: null, serverName: null, verify: false } } });
    await b.sawVote('x#4', 1);
    const cases: readonly (readonly [Partial<MeshTls>, RegExp])[] = [
      [
        { caFile: join(directory, 'other.pem') },
        /^ERR_MESH_TLS: redis \S+: unable to verify the first certificate|self.signed|unable to get/,
      ],
      [{ serverName: 'elsewhere.test' }, /^ERR_MESH_TLS: redis \S+: Hostname\/IP does not match certificate/],
      [{ certificateFile: null, keyFile: null }, /^ERR_MESH_(TLS|UNREACHABLE): redis /],
      [{ caFile: '/nowhere/ca.pem' }, /^ERR_MESH_TLS: \/nowhere\/ca\.pem cannot be read: ENOENT$/],
      [{ keyFile: caFile }, /^ERR_MESH_TLS: /],
    ];
    for (const [wrong, pattern] of cases) await hasTrouble(t, await outsider(member, { tls: { ...good, ...wrong } }), pattern);
    await hasTrouble(t, await outsider(member, { tls: null }), /^ERR_MESH_UNREACHABLE: redis /);
  } finally {
    await closeAll();
    await server.stop();
  }
  t.pass();
});

test(
  'the wrong password of a sentinel is named',
  onRedis([], async (t, { server, member }) => {
    await server.run('CONFIG', 'SET', 'requirepass', 'secret');
    const sentinels = [{ host: '127.0.0.1', port: server.port }]; // answers AUTH as a sentinel does
    const topology = {
      kind: 'sentinel',
      sentinels,
      master: 'main',
      username: null,
      passwordFile: wrongPassword,
      tls: false,
    } as const;
    await hasTrouble(
      t,
      await outsider(member, { topology }),
      /^ERR_MESH_AUTH: redis master main of sentinels \S+ (refuses|asks)/,
    );
  }),
);
