// Which files are tests. What kills, stalls and fails over real Redis servers (test/redis) is a run of its own, one test at a time:
// `npm run test:redis`.

const isRedisRun = process.env.MERIDIAN_TESTS === 'redis';

// biome-ignore lint/style/noDefaultExport: AVA asks for one
export default {
  files: isRedisRun ? ['dist/test/redis/**/*.test.js'] : ['dist/test/**/*.test.js', '!dist/test/redis/**'],
  serial: isRedisRun,
  ...(isRedisRun ? { concurrency: 1 } : {}),
  workerThreads: false,
  timeout: '15m',
  nodeArguments: ['--enable-source-maps'],
};
