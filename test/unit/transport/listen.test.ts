import test from 'ava';
import { hasReusePort, listenProblem, supportsReusePort } from '../../../src/transport/listen.ts';

const failure = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`bind ${code}`), { code });

test('ports can be shared on Linux from Node 22.12, and from 23.1 in that line', (t) => {
  for (const version of ['22.12.0', '22.20.1', '23.1.0', '24.0.0', '25.3.1']) t.true(hasReusePort(version, 'linux'), version);
  for (const version of ['20.20.2', '22.11.0', '23.0.0', '18.20.0']) t.false(hasReusePort(version, 'linux'), version);
  t.false(hasReusePort('24.0.0', 'darwin'));
  t.is(supportsReusePort, hasReusePort(process.versions.node, process.platform));
});

test('every reason for which an address cannot be used comes with a remedy', (t) => {
  const udp53 = { address: '192.0.2.1', port: 53 };
  const remedies: [string, RegExp][] = [
    ['EADDRINUSE', /^udp 192\.0\.2\.1:53 cannot be used: another process has port 53 \(systemd-resolved.*ss -lnpu sport = :53/],
    ['EACCES', /setcap cap_net_bind_service=\+ep.*AmbientCapabilities=CAP_NET_BIND_SERVICE/],
    ['EADDRNOTAVAIL', /no interface of this machine has the address 192\.0\.2\.1/],
    ['EAFNOSUPPORT', /address family/],
    ['EMFILE', /bind EMFILE$/],
  ];
  for (const [code, text] of remedies) {
    const problem = listenProblem('udp', udp53, failure(code));
    t.is(problem.code, 'ERR_LISTEN');
    t.regex(problem.message, text);
  }
});

test('an IPv6 address is shown in brackets', (t) => {
  const problem = listenProblem('tcp', { address: '2001:db8::1', port: 5053 }, failure('EADDRINUSE'));
  t.regex(problem.message, /^tcp \[2001:db8::1\]:5053 cannot be used: another process has port 5053; 'ss -lnpt /);
});
