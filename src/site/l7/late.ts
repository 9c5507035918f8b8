// What becomes of requests that come although their site is drained: as a rule they are served like all others; where the listener says
// so, the client is redirected, or its request is passed on to another site. Drained sites may pass on to one another, and so a request
// that has been passed on once is served where it is.

import type { HttpFrontSettings, HttpLate, HttpRoute } from '../../model/site-http.ts';

/** On requests that another site has passed on. Who writes it without being one gets what it would have got before. */
export const LATE_HEADER = 'x-meridian-late';

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
  if (late.kind === 'redirect') return [{ ...route, action: late }];
  const { match } = route;
  const passedOn: HttpRoute = {
    ...route,
    id: `${route.id} passed on`,
    match: { ...match, headers: [...match.headers, { name: LATE_HEADER, value: null }] },
  };
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
  return [passedOn, elsewhere];
}
