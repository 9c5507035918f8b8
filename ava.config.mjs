// Which files are tests. What takes long is a run of its own: what kills, stalls and fails over real Redis servers (test/redis), one
// test at a time, `npm run test:redis`; and whole programs as an operator works with them, browser included (test/operate),
// `npm run test:operate`.

const OWN_RUNS = ['redis', 'operate'];
const run = OWN_RUNS.find((name) => name === process.env.MERIDIAN_TESTS);
const isRedisRun = run === 'redis';

// biome-ignore lint/style/noDefaultExport: AVA asks for one
export default {
  files:
    run === undefined
      ? ['dist/test/**/*.test.js', ...OWN_RUNS.map((name) => `!dist/test/${name}/**`)]
      : [`dist/test/${run}/**/*.test.js`],
  serial: isRedisRun,
  ...(isRedisRun ? { concurrency: 1 } : {}),
  workerThreads: false,
  timeout: '15m',
  nodeArguments: ['--enable-source-maps'],
};
