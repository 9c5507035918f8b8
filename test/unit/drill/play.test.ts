// How a drill is played, in a world of a few lines: one server, one client, sites x and y, answers that follow what is broken.

import test from 'ava';
import { Logbook } from '../../../src/drill/logbook.ts';
import type { Answer, Drill, FaultWays, LimitName, World } from '../../../src/drill/model.ts';
import { DrillError, play } from '../../../src/drill/play.ts';

const ROUND_MS = 2;
const PLENTY_MS = 60_000;

class LabWorld implements World {
  readonly title = 'a lab';
  readonly servers = ['one'];
  readonly clients = [{ network: '192.0.2.0/24', label: 'europe' }];
  readonly name = 'www.example.test';
  readonly subject = { site: 'x', server: 'one' };
  readonly steadyMs = 20;
  limitsMs: Readonly<Record<LimitName, number>> = {
    refused: PLENTY_MS,
    silent: PLENTY_MS,
    home: PLENTY_MS,
    answering: PLENTY_MS,
    joined: PLENTY_MS,
    relieved: PLENTY_MS,
  };
  /** What was done, in order. */
  readonly done: string[] = [];
  site = 'x';
  isSilent = false;
  readonly faults: Readonly<Record<string, FaultWays>> = {
    'site-stops': this.#ways('site-stops', 'y', 'x'),
    'site-slows': this.#ways('site-slows', 'y', 'y'),
    'redis-stops': this.#ways('redis-stops', 'x', 'x'),
  };
  onMade: (name: string) => void = () => {};

  open(): Promise<void> {
    return Promise.resolve();
  }

  ask(take: (answer: Answer) => void): () => Promise<void> {
    const timer = setInterval(() => {
      const atMs = performance.now();
      const site = this.isSilent ? null : this.site;
      const trouble = this.isSilent ? ('lost' as const) : null;
      take({ server: 'one', client: '192.0.2.0/24', site, trouble, sentMs: atMs, atMs });
    }, ROUND_MS);
    return async () => clearInterval(timer);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #ways(name: string, made: string, undone: string): FaultWays {
    return {
      does: name,
      undoes: `no ${name}`,
      make: async () => {
        this.done.push(name);
        this.site = made;
        this.onMade(name);
      },
      undo: async () => {
        this.done.push(`no ${name}`);
        this.site = undone;
      },
    };
  }
}

const SITE_LOSS: Drill = {
  name: 'lab',
  summary: '',
  steps: [
    { make: 'site-stops', expect: [{ what: 'away', by: 'all', within: 'refused' }] },
    { undo: 'site-stops', expect: [{ what: 'home', by: 'all', within: 'home' }] },
  ],
};

const logbook = (): Logbook =>
  new Logbook(
    () => {},
    () => performance.now(),
  );

test('a drill whose clients go elsewhere and come home keeps its objectives, and leaves nothing broken', async (t) => {
  const world = new LabWorld();
  const book = logbook();
  const { isStopped, left, queries } = await play(SITE_LOSS, world, book, new AbortController().signal);
  t.true(book.isMet);
  t.false(isStopped);
  t.deepEqual(left, []);
  t.true(queries[0]!.asked > 0);
  t.deepEqual(world.done, ['site-stops', 'no site-stops']);
});

test('a drill that is told to stop undoes what it has made, the last thing first, and judges no more', async (t) => {
  const world = new LabWorld();
  const stopping = new AbortController();
  world.onMade = (name) => {
    if (name === 'redis-stops') stopping.abort();
  };
  const steps: Drill['steps'] = [
    { make: 'site-stops', expect: [] },
    { make: 'redis-stops', expect: [{ what: 'home', by: 'all', within: 'home' }] },
  ];
  const { isStopped } = await play({ ...SITE_LOSS, steps }, world, logbook(), stopping.signal);
  t.true(isStopped);
  t.deepEqual(world.done, ['site-stops', 'redis-stops', 'no redis-stops', 'no site-stops']);
});

test('what was made is undone when something goes wrong', async (t) => {
  const world = new LabWorld();
  world.onMade = () => {
    throw new DrillError('out of order');
  };
  await t.throwsAsync(play(SITE_LOSS, world, logbook(), new AbortController().signal), { message: 'out of order' });
  t.deepEqual(world.done, ['site-stops', 'no site-stops']);
});

test('clients that do not come home within the limit are a missed objective', async (t) => {
  const world = new LabWorld();
  world.limitsMs = { ...world.limitsMs, home: 20 };
  const steps: Drill['steps'] = [
    { make: 'site-slows', expect: [] },
    { undo: 'site-slows', expect: [{ what: 'home', by: 'all', within: 'home' }] },
  ];
  const book = logbook();
  await play({ ...SITE_LOSS, steps }, world, book, new AbortController().signal);
  t.false(book.isMet);
  t.deepEqual(
    book.objectives.filter(({ isMet }) => !isMet).map(({ found }) => found),
    ['never'],
  );
});

test('an answer that changes though nothing may is counted', async (t) => {
  const world = new LabWorld();
  world.onMade = () => {
    world.site = 'y';
  };
  const steps: Drill['steps'] = [{ make: 'redis-stops', expect: [{ what: 'steady', state: 'home', by: 'all' }] }];
  const book = logbook();
  await play({ ...SITE_LOSS, steps }, world, book, new AbortController().signal);
  t.regex(book.objectives[0]!.found, /^[1-9]\d* \(the first by one to 192\.0\.2\.0\/24: y\)$/);
});

test('a fault that the world cannot make is refused before anything else happens to it', async (t) => {
  const steps: Drill['steps'] = [{ make: 'crowd-comes', expect: [] }];
  const world = new LabWorld();
  const error = await t.throwsAsync(play({ ...SITE_LOSS, steps }, world, logbook(), new AbortController().signal));
  t.regex(error!.message, /"crowd-comes" cannot be done with a lab/);
});
