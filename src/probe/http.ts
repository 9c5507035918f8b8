// Check `http`: one request on a new connection, over HTTP/1.1 or HTTP/2, with or without TLS; redirects within the same host
// on request, each on a new connection too. The whole of it is under one deadline.

import { OUTCOME } from '../model/probe.ts';
import { type Attempt, attempt, type Limits } from './attempt.ts';
import { type Finding, finding } from './finding.ts';
import type { HttpRequest } from './http-exchange.ts';
import { type HttpCheck, isGoodStatus, redirectOf } from './http-reply.ts';
import { requestHttp1 } from './http1.ts';
import { requestHttp2 } from './http2.ts';
import type { Port } from './place.ts';
import { expiryNote } from './stream.ts';

export function checkHttp(place: Port, check: HttpCheck, limits: Limits): Promise<Finding> {
  const host = check.host ?? (place.host.includes(':') ? `[${place.host}]` : place.host);
  const origin = `${check.scheme}://${host}`;
  return attempt(limits, (frame) => {
    if (!URL.canParse(origin)) frame.finish(OUTCOME.NOT_CHECKED, `not checked: "${host}" cannot be a host of a URL`);
    else step(frame, place, check, urlOf(origin, place, check), 0);
  });
}

function urlOf(origin: string, place: Port, check: HttpCheck): URL {
  const url = new URL(check.path, `${origin}/`);
  // The operator's host may carry a port of its own; the connection goes to the port of the check all the same.
  if (url.port === '' && check.host === null) url.port = String(place.port);
  return url;
}

function step(frame: Attempt, place: Port, check: HttpCheck, url: URL, redirects: number): void {
  const request: HttpRequest = { check, place, url, serverName: url.hostname.replace(/^\[|\]$/g, '') };
  const send = check.version === '2' ? requestHttp2 : requestHttp1;
  send(frame, request, (reply) => {
    const { status, daysLeft } = reply;
    if (check.followRedirects > 0) {
      const to = redirectOf(status, reply.location, url);
      if (typeof to === 'string') return frame.finish(OUTCOME.BAD_STATUS, to);
      if (to !== undefined) {
        if (redirects >= check.followRedirects) return frame.finish(OUTCOME.BAD_STATUS, `more than ${redirects} redirects`);
        reply.leave();
        const port = Number(to.port) || (to.protocol === 'https:' ? 443 : 80);
        return step(frame, { ...place, port }, check, to, redirects + 1);
      }
    }
    if (!isGoodStatus(check, status)) return frame.finish(OUTCOME.BAD_STATUS, `status ${status}`);
    const note = expiryNote(daysLeft, check.expiryWarningDays);
    frame.stage(`status ${status}, waiting for the body`);
    reply.judge(({ outcome, detail, body }) => {
      const found = finding(outcome, `${detail || `status ${status}`}${note}`);
      frame.end(body === undefined ? found : { ...found, body });
    });
  });
}
