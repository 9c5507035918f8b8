// What every mesh promises, whatever its engine: this suite runs over each implementation.

import test, { type ExecutionContext } from 'ava';
import { type Mesh, NOTE_MAX_LENGTH, type Peer } from '../../../src/model/mesh.ts';
import { override, peer, verdict, voteOf, Witness } from '../../support/mesh.ts';

/** One engine, empty at first, that members can join and that tests can restart. */
export interface Engine {
  /** Not started yet. `directory` is the member's state directory, if it has one. */
  join(self: Peer): Mesh;
  close(): Promise<void>;
}

interface Stage {
  /** A member that has joined. */
  member(id: string, more?: Partial<Peer>): Promise<Witness>;
  /** A member that has not joined. */
  unstarted(id: string): Mesh;
}

type Check = (title: string, body: (t: ExecutionContext, stage: Stage) => Promise<void>) => void;

/** Tests over an engine of their own each. */
export function checksOf(kind: string, open: () => Promise<Engine>): Check {
  return (title, body) => {
    test(`${kind}: ${title}`, async (t) => {
      const engine = await open();
      const witnesses: Witness[] = [];
      const member = async (id: string, more: Partial<Peer> = {}): Promise<Witness> => {
        const self = peer(id, more);
        const witness = new Witness(engine.join(self), self);
        witnesses.push(witness);
        await witness.start();
        return witness;
      };
      const others: Mesh[] = [];
      const unstarted = (id: string): Mesh => {
        const mesh = engine.join(peer(id));
        others.push(mesh);
        return mesh;
      };
      try {
        await body(t, { member, unstarted });
      } finally {
        await Promise.all([...witnesses.map(({ mesh }) => mesh), ...others].map((mesh) => mesh.close()));
        await engine.close();
      }
    });
  };
}

export function contract(kind: string, open: () => Promise<Engine>): void {
  const check = checksOf(kind, open);

  check('a member joins and finds itself', async (t, { member }) => {
    const a = await member('a');
    await a.sawPeers('a');
    t.is(a.mesh.status.state, 'joined');
    t.deepEqual(a.mesh.peers, [a.self]);
    t.deepEqual(a.mesh.overrides, { version: 0, overrides: [] });
  });

  check('members hear of one another, and of the one who leaves', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b', { region: 'us', weight: 7, roles: ['probe'] });
    await a.sawPeers('a', 'b');
    await b.sawPeers('a', 'b');
    t.deepEqual(a.mesh.peers[1], b.self);
    await b.mesh.close();
    await a.sawPeers('a');
    t.pass();
  });

  check('what a member announces of itself reaches the others', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    b.mesh.announce({ ...b.self, isWithdrawn: true });
    await a.until(() => a.mesh.peers[1]?.isWithdrawn === true);
    t.true(b.mesh.peers[1]!.isWithdrawn);
  });

  check('a vote reaches all members as it was cast, the one who cast it too', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    const vote = a.vote('web/fra#4', 1, { isUp: false, outcome: 1, detail: 'refused "x"\n', against: 1, latencyUs: 0 });
    await b.sawVote('web/fra#4', 1);
    await a.sawVote('web/fra#4', 1);
    t.deepEqual(b.votes, [vote]);
  });

  check('a member that joins later is told the votes that still count', async (t, { member }) => {
    const a = await member('a');
    a.vote('x#4', 1);
    a.vote('x#4', 2, { isUp: false });
    a.vote('y#6', 3);
    a.vote('z#4', 4, { expiresMs: a.mesh.nowMs() - 1 });
    await a.sawVote('y#6', 3);
    const b = await member('b');
    await b.sawVote('y#6', 3);
    await b.sawVote('x#4', 2);
    t.false(b.votes.some(({ target }) => target === 'z#4'));
    t.true(b.isMonotone);
  });

  check('an expired vote is handed to nobody', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    a.vote('x#4', 1, { expiresMs: a.mesh.nowMs() - 1 });
    a.vote('x#4', 2);
    await b.sawVote('x#4', 2);
    t.is(b.votes.length, 1);
    t.is(a.votes.length, 1);
  });

  check('an older vote does not come after a newer one', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    a.vote('x#4', 5);
    a.vote('x#4', 4, { isUp: false });
    a.vote('y#4', 6);
    await b.sawVote('y#4', 6);
    t.deepEqual(
      b.votes.filter(({ target }) => target === 'x#4').map(({ seq }) => seq),
      [5],
    );
  });

  check('many votes arrive complete', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    a.mesh.publish(Array.from({ length: 3000 }, (_, i) => voteOf(a.mesh, a.self, `pool/member-${i}#4`, i + 1)));
    await b.until(() => b.votes.length === 3000);
    t.is(new Set(b.votes.map(({ target }) => target)).size, 3000);
  });

  check('withdrawn votes are told as such, and not to those who join later', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    a.vote('x#4', 1);
    await b.sawVote('x#4', 1);
    a.mesh.withdraw();
    await b.until(() => b.log.some((happening) => happening.kind === 'withdrawn' && happening.prober === 'a'));
    t.like(
      b.log.find(({ kind }) => kind === 'withdrawn'),
      { epoch: 1, seq: 1 },
    );
    a.vote('y#4', 2);
    const c = await member('c');
    await c.sawVote('y#4', 2);
    t.deepEqual(
      c.votes.map(({ target }) => target),
      ['y#4'],
    );
  });

  check('a prober that leaves takes its votes along', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    a.vote('x#4', 1);
    await b.sawVote('x#4', 1);
    await a.mesh.close();
    await b.until(() => b.log.some((happening) => happening.kind === 'withdrawn' && happening.prober === 'a'));
    t.pass();
  });

  check('a restarted prober is heard although its sequence numbers begin anew', async (t, { member }) => {
    const a = await member('a', { epoch: 10 });
    const b = await member('b');
    a.vote('x#4', 500);
    await b.sawVote('x#4', 500);
    await a.mesh.close();
    const again = await member('a', { epoch: 11 });
    again.vote('x#4', 1, { isUp: false });
    await b.sawVote('x#4', 1);
    t.true(b.isMonotone);
  });

  check("somebody else's vote, or one that is out of bounds, is not published but counted", async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    a.vote('x#4', 1, { prober: 'b' });
    a.vote('x#4', 2, { epoch: 99 });
    a.vote('x#4', 3, { detail: 'x'.repeat(5000) });
    a.vote('x#4', 4, { latencyUs: Number.NaN });
    a.vote('x#4', 5);
    await b.sawVote('x#4', 5);
    t.is(b.votes.length, 1);
    t.is(a.mesh.status.ignored, 4);
  });

  check('a change of overrides is acknowledged with the next version and reaches everybody', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    const result = await a.mesh.changeOverrides(0, [override('1')]);
    t.deepEqual(result, { ok: true, value: { version: 1, overrides: [override('1')] } });
    t.deepEqual(a.mesh.overrides, { version: 1, overrides: [override('1')] });
    await b.until(() => b.overrideVersions.includes(1));
    t.deepEqual(b.mesh.overrides.overrides, [override('1')]);
    const c = await member('c');
    await c.until(() => c.mesh.overrides.version === 1);
  });

  check('notes are shared as overrides are, beside them, and of any kind', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    const [first, second] = [
      { id: '1', kind: 'silence', text: '{}' },
      { id: '2', kind: 'of a later version', text: 'x'.repeat(100_000) },
    ];
    t.deepEqual(a.mesh.notes, { version: 0, notes: [] });
    t.deepEqual(await a.mesh.changeNotes(0, [first]), { ok: true, value: { version: 1, notes: [first] } });
    await b.until(() => b.noteVersions.includes(1));
    const late = await b.mesh.changeNotes(0, [second]);
    t.is(late.ok ? '' : late.error.code, 'ERR_MESH_CONFLICT');
    t.true((await b.mesh.changeNotes(1, [first, second])).ok);
    await a.until(() => a.mesh.notes.version === 2);
    t.deepEqual(a.mesh.notes.notes, [first, second]);
    t.is(a.mesh.overrides.version, 0);
    const large = await a.mesh.changeNotes(2, [{ ...first, text: 'x'.repeat(NOTE_MAX_LENGTH + 1) }]);
    t.is(large.ok ? '' : large.error.code, 'ERR_MESH_RECORD');
    const c = await member('c');
    await c.until(() => c.mesh.notes.version === 2);
  });

  check('a change to a version that is no longer present is refused and names the present one', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    await a.mesh.changeOverrides(0, [override('1')]);
    const late = await b.mesh.changeOverrides(0, [override('2')]);
    t.false(late.ok);
    t.is(late.ok ? '' : late.error.code, 'ERR_MESH_CONFLICT');
    t.regex(late.ok ? '' : late.error.message, /version 1\b/);
    await b.until(() => b.mesh.overrides.version === 1);
    t.deepEqual(b.mesh.overrides.overrides, [override('1')]);
  });

  check('of many changes at once to one version exactly one is made', async (t, { member }) => {
    const members = await Promise.all(['a', 'b', 'c'].map((id) => member(id)));
    const results = await Promise.all(
      members.flatMap(({ mesh }, m) => [0, 1].map((n) => mesh.changeOverrides(0, [override(`${m}-${n}`)]))),
    );
    t.is(results.filter(({ ok }) => ok).length, 1);
    const made = results.find(({ ok }) => ok);
    for (const one of members) await one.until(() => one.mesh.overrides.version === 1);
    t.deepEqual(
      members.map(({ mesh }) => mesh.overrides),
      Array(3).fill(made?.ok === true ? made.value : null),
    );
  });

  check('overrides that others would not understand are refused and change nothing', async (t, { member }) => {
    const a = await member('a');
    const bad = [
      [override('1', { action: 'off' as 'down' })],
      [override('1'), override('1')],
      [override('x'.repeat(10_000))],
      [{ ...override('1'), extra: 1 }],
    ];
    for (const overrides of bad) {
      const result = await a.mesh.changeOverrides(0, overrides);
      t.is(result.ok ? '' : result.error.code, 'ERR_MESH_RECORD');
    }
    t.is(a.mesh.overrides.version, 0);
  });

  check('verdicts that one saved are loaded by another', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    const first = [verdict('x#4'), verdict('y#4', { state: 'down', isUp: false, why: 'refused' })];
    await a.mesh.saveVerdicts(first);
    const second = [verdict('x#4', { state: 'unknown', why: 'no fresh votes' }), verdict('z#6')];
    await a.mesh.saveVerdicts(second);
    const byTarget = (one: { target: string }, other: { target: string }): number => (one.target < other.target ? -1 : 1);
    for (;;) {
      const loaded = [...(await b.mesh.loadVerdicts())].sort(byTarget);
      if (loaded.length !== 2 || loaded[1]!.target !== 'z#6') continue;
      t.deepEqual(loaded, second);
      return;
    }
  });

  check('the clock runs like that of the machine', async (t, { member }) => {
    const a = await member('a');
    const b = await member('b');
    const before = Date.now();
    const [one, other] = [a.mesh.nowMs(), b.mesh.nowMs()];
    t.true(Math.abs(one - before) < 10_000);
    t.true(Math.abs(one - other) < 10_000);
    t.true(a.mesh.nowMs() >= one);
  });

  check('a handler that throws stops nothing', async (t, { member, unstarted }) => {
    const a = await member('a');
    const broken = unstarted('b');
    const seen: string[] = [];
    const fail = (what: string) => (): void => {
      seen.push(what);
      throw new Error(`handler of ${what}`);
    };
    await broken.start(
      { onPeers: fail('peers'), onVotes: fail('votes'), onStatus: fail('status'), onOverrides: fail('overrides') },
      60_000,
    );
    a.vote('x#4', 1);
    await a.mesh.changeOverrides(0, [override('1')]);
    await a.until(() => seen.includes('votes') && broken.overrides.version === 1);
    a.vote('y#4', 2);
    await a.until(() => seen.filter((what) => what === 'votes').length > 1);
    t.is(broken.status.state, 'joined');
  });
}
