// Check `dns`: a server answers a question, with a good rcode and, on request, with a certain record.

import { askQuestion } from '../client/dns-question.ts';
import { type CheckKind, OUTCOME } from '../model/probe.ts';
import type { Limits } from './attempt.ts';
import { type Finding, finding, findingOfErrno, notChecked } from './finding.ts';
import type { Port } from './place.ts';

export async function checkDns(place: Port, check: Extract<CheckKind, { kind: 'dns' }>, limits: Limits): Promise<Finding> {
  const { name, type, transport } = check;
  const { timeoutMs, signal } = limits;
  const asked = await askQuestion({ server: place.address, port: place.port, name, type, transport, timeoutMs, signal });
  if (!asked.ok) {
    const { cause, message } = asked.error;
    if (cause === 'TIMEOUT') return finding(OUTCOME.TIMEOUT, `no reply within ${timeoutMs} ms`);
    if (cause === 'CLOSED') return finding(OUTCOME.RESET, 'connection closed before a whole reply');
    if (cause === 'ABORTED' || cause === 'USAGE') return notChecked(message);
    return findingOfErrno({ code: cause }, place.family) ?? finding(OUTCOME.PROTOCOL, message);
  }
  const { rcode, answers } = asked.value;
  if (!check.rcodes.includes(rcode)) return finding(OUTCOME.BAD_STATUS, `rcode ${rcode}`);
  const isExpected = check.expect === null || answers.includes(check.expect);
  if (!isExpected)
    return finding(OUTCOME.BAD_CONTENT, `${rcode}, but not with the data expected; found ${answers.join(', ') || 'none'}`);
  return finding(OUTCOME.OK, `rcode ${rcode}`);
}
