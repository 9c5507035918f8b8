// Which files are tests. What takes long is a run of its own: what kills, stalls and fails over real Redis servers (test/redis), one
// test at a time, `npm run test:redis`; whole programs as an operator works with them, browser included (test/operate),
// `npm run test:operate`; and whole programs on a system that stops, starves or starts them in other ways, and beside other servers
// (test/system), `npm run test:system`.

const OWN_RUNS = ['redis', 'operate', 'system'];
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
