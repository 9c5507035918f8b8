// What becomes of requests that come although their site is drained: as a rule they are served like all others; where the listener says
// so, the client is redirected, or its request is passed on to another site. Drained sites may send clients to one another, and so a
// request that was sent on once, by a redirect or by a site, is served where it comes to: no client goes round in circles. (CDN-Loop, RFC
// 8586, is for those who cannot serve; here each site can.)

import type { HttpFrontSettings, HttpLate, HttpRoute } from '../../model/site-http.ts';
import type { RequestHead } from './request-head.ts';

/** On requests that another site has sent on. Who writes it without being one gets what it would have got before. */
const LATE_HEADER = 'x-meridian-late';
/** The same in the query of a location to which a client was redirected. */
const LATE_MARK = 'meridian-late=1';

/** With the mark of a redirect in its query. */
export function markedLocation(location: string): string {
  const end = location.indexOf('#');
  const [before, fragment] = end < 0 ? [location, ''] : [location.slice(0, end), location.slice(end)];
  return `${before}${before.includes('?') ? '&' : '?'}${LATE_MARK}${fragment}`;
}

/** Makes the mark in a request's query, which is none of the server's business, the header that says the same. */
export function takeLateMark(head: RequestHead): void {
  const { target } = head;
  const at = target.indexOf(LATE_MARK);
  if (at < 0) return;
  const query = target.indexOf('?');
  const end = at + LATE_MARK.length;
  const isFirst = at === query + 1;
  if (query < 0 || query > at || !(isFirst || target[at - 1] === '&') || !(end === target.length || target[end] === '&')) return;
  head.target = end === target.length ? target.slice(0, at - 1) : target.slice(0, at) + target.slice(end + 1);
  head.fields.push(LATE_HEADER, '1');
}

/** The settings by which a front goes while its site is drained, or is not. */
export function settingsWhile(isDrained: boolean, settings: HttpFrontSettings): HttpFrontSettings {
  const { late } = settings;
  if (!isDrained || late === null) return settings;
  return {
    ...settings,
    routes: settings.routes.flatMap((route) => (route.action.kind === 'service' ? lateRoutes(route, late) : [route])),
  };
}

function lateRoutes(route: HttpRoute, late: HttpLate): readonly HttpRoute[] {
  const { match } = route;
  const sentOn: HttpRoute = {
    ...route,
    id: `${route.id} sent on`,
    match: { ...match, headers: [...match.headers, { name: LATE_HEADER, value: null }] },
  };
  if (late.kind === 'redirect') return [sentOn, { ...route, action: late }];
  // What is written of our servers is not for those of another site; it has rules of its own.
  const elsewhere: HttpRoute = {
    ...route,
    action: late,
    rewrite: {
      path: null,
      host: null,
      request: { remove: [], set: [{ name: LATE_HEADER, value: '1' }], add: [] },
      response: { remove: [], set: [], add: [] },
    },
    stickiness: null,
    compression: null,
    cache: false,
  };
  return [sentOn, elsewhere];
}
