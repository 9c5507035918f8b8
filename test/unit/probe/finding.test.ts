import test from 'ava';
import { OUTCOME } from '../../../src/model/probe.ts';
import { finding, findingOfErrno } from '../../../src/probe/finding.ts';

test('faults of our own machine say nothing about the target', (t) => {
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EACCES', 'EPERM', 'EADDRNOTAVAIL', 'EAGAIN']) {
    t.is(findingOfErrno({ code }, 4)?.outcome, OUTCOME.NOT_CHECKED, code);
  }
});

test('what nobody knows as an error of the system is left to the protocol', (t) => {
  t.is(findingOfErrno({ code: 'HPE_INVALID_CONSTANT' }, 4), undefined);
  t.is(findingOfErrno(undefined, 4), undefined);
});

test('a detail is one printable line of at most 200 characters', (t) => {
  const { detail } = finding(OUTCOME.OK, `a\r\n\u001b[31mb${'c'.repeat(500)}`);
  t.is(detail.length, 200);
  t.regex(detail, /^a \[31mbc+\.\.\.$/);
});
