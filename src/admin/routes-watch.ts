// What the server sees of itself: alerts and silences, objectives, rates.

import type { WatchPort } from './ports.ts';
import { orRefuse } from './problems.ts';
import { type App, actorOf } from './route.ts';
import { problem } from './schemas/common.ts';
import { alertReport, objectiveList, rateList, silence, silenceParams, silenceRequest } from './schemas/watch.ts';

const WRONG = { 400: problem, 401: problem, 403: problem, 429: problem };
const WRONG_CHANGE = { ...WRONG, 409: problem, 413: problem, 415: problem, 422: problem, 500: problem, 503: problem };

export function addWatch(app: App, port: WatchPort): void {
  const tags = ['watch'];
  const config = { role: 'operator' } as const;
  app.get(
    '/v1/alerts',
    { schema: { tags, summary: 'What is wrong, what is silenced, what was told', response: { 200: alertReport, ...WRONG } } },
    () => port.alerts(),
  );
  app.post(
    '/v1/silences',
    {
      config,
      schema: {
        tags,
        summary: 'Tell nobody of an alert, for a time',
        body: silenceRequest,
        response: { 200: silence, ...WRONG_CHANGE },
      },
    },
    async (request) => {
      const { body, caller } = request;
      // A token is proof of who it is.
      const author = caller!.isOpen ? (body.author ?? caller!.name) : caller!.name;
      return orRefuse(await port.silence({ ...body, author }, actorOf(request)));
    },
  );
  app.delete(
    '/v1/silences/:id',
    {
      config,
      schema: {
        tags,
        summary: 'End a silence',
        params: silenceParams,
        response: { 200: silence, ...WRONG_CHANGE, 404: problem },
      },
    },
    async (request) => orRefuse(await port.endSilence(request.params.id, actorOf(request))),
  );
  app.get(
    '/v1/objectives',
    { schema: { tags, summary: 'What was promised and how it is kept', response: { 200: objectiveList, ...WRONG } } },
    async () => ({ items: [...(await port.objectives())] }),
  );
  app.get(
    '/v1/rates',
    { schema: { tags, summary: 'Answers a second by rcode and by site', response: { 200: rateList, ...WRONG } } },
    () => ({ items: [...port.rates.samples] }),
  );
}
