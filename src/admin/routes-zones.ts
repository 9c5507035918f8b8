// Zones: what is served, the file that it was read from, and a new text for it. A name in a path is looked up among the zones that
// are served; no path of a file is ever made of it.

import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { pageOf } from './paging.ts';
import type { AdminPort } from './ports.ts';
import { orRefuse, type Refusal, refusal } from './problems.ts';
import { type App, actorOf } from './route.ts';
import { one } from './routes-read.ts';
import { id, page, problem } from './schemas/common.ts';
import { scope, watchSec } from './schemas/staged.ts';
import { zone, zoneList } from './schemas/steering.ts';
import { zoneReply } from './schemas/zones.ts';

/** RFC 4027. Not one of the types that a page of another origin may send without being asked. */
const ZONE_TYPE = 'text/dns';
const MOST_TEXT_OCTETS = 16 * 1024 * 1024;
/** What a decoder of UTF-8 puts where octets are not UTF-8. */
const REPLACEMENT = '\uFFFD';

const WRONG = { 400: problem, 401: problem, 403: problem, 429: problem };
const NO_SUCH = { ...WRONG, 404: problem, 409: problem, 500: problem };

const byId = z.strictObject({ id: id('Its name; the final dot may be missing') });

const headers = z.looseObject({
  'if-match': z
    .string()
    .regex(/^(\*|"[0-9a-f]{32}")$/, 'must be the ETag of the file, or *')
    .optional()
    .describe('The ETag of the file that the text replaces, or * for whatever it is; asked for unless it is a dry run'),
});

export function addZones(app: App, port: AdminPort): void {
  const tags = ['zones'];
  app.addContentTypeParser(ZONE_TYPE, { parseAs: 'string', bodyLimit: MOST_TEXT_OCTETS }, (_, body, done) => done(null, body));
  app.get(
    '/v1/zones',
    { schema: { tags, summary: 'Zones', querystring: page, response: { 200: zoneList, ...WRONG } } },
    async ({ query }) => pageOf(await port.zones(), query),
  );
  app.get(
    '/v1/zones/:id',
    { schema: { tags, summary: 'A zone', params: byId, response: { 200: zone, ...NO_SUCH } } },
    async ({ params }) => one(await port.zones(), absolute(params.id), 'zone'),
  );
  app.get(
    '/v1/zones/:id/text',
    {
      schema: {
        tags,
        summary: 'What is served, as a master file',
        params: byId,
        response: { 200: z.string(), ...NO_SUCH },
        produces: ['text/plain'],
      },
    },
    async ({ params }, reply) => {
      const text = await port.zoneText(absolute(params.id));
      if (text === undefined) throw noZone(params.id);
      return reply.type('text/plain; charset=utf-8').serializer(String).send(text);
    },
  );
  app.get(
    '/v1/zones/:id/file',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'The file as it is, to be changed and sent back',
        params: byId,
        response: { 200: z.string(), ...NO_SUCH },
        produces: [ZONE_TYPE],
      },
    },
    async ({ params }, reply) => {
      const file = await port.zoneFile(absolute(params.id));
      if (file === undefined) throw noZone(params.id);
      const { tag, text } = orRefuse(file);
      return reply.type(ZONE_TYPE).header('etag', `"${tag}"`).serializer(String).send(text);
    },
  );
  app.put(
    '/v1/zones/:id/file',
    {
      config: { role: 'operator' },
      bodyLimit: MOST_TEXT_OCTETS,
      schema: {
        tags,
        summary: 'Put a new text in place of the file and serve it; the role admin, unless it is a dry run',
        headers,
        params: byId,
        querystring: z.strictObject({
          dryRun: z.stringbool().default(false).describe('Only check and compare'),
          watchSec,
          scope,
        }),
        body: z.string().min(1).describe('A master file (RFC 1035, section 5)'),
        consumes: [ZONE_TYPE],
        response: { 200: zoneReply, 422: zoneReply, ...NO_SUCH, 412: problem, 413: problem, 415: problem, 428: problem },
      },
    },
    async (request, reply) => {
      const { params, body: text, headers: sent, caller } = request;
      const { dryRun, watchSec: watched, scope: reach } = request.query;
      if (!dryRun && caller!.role !== 'admin')
        throw refusal('ERR_API_ROLE', `a new text for a zone needs the role admin, ${caller!.name} has the role ${caller!.role}`);
      const match = sent['if-match'];
      if (!dryRun && match === undefined)
        throw refusal('ERR_API_VERSION', 'send If-Match with the ETag of the file, so that nobody else’s change is lost', {
          status: 428,
        });
      if (text.includes(REPLACEMENT)) {
        const message = 'the text must be UTF-8; write other octets as \\DDD';
        throw refusal('ERR_API_VALUE', message, { fields: [{ field: 'body', message }] });
      }
      const ifTag = match === undefined || match === '*' ? null : match.slice(1, -1);
      const zoneRequest = { zone: absolute(params.id), text, dryRun, watchSec: watched, scope: reach, ifTag };
      const done = await port.putZone(zoneRequest, actorOf(request));
      if (done === undefined) throw noZone(params.id);
      const report = orRefuse(done);
      return reply
        .status(report.isAccepted ? 200 : 422)
        .header('etag', `"${report.tag}"`)
        .send(report);
    },
  );
}

const noZone = (name: string): Refusal =>
  refusal('ERR_API_NOT_FOUND', `there is no zone "${name}"; zones are made in the configuration`);

/** Names of zones are shown with their final dot, and found without it; those in other scripts by what they are on the wire (IDNA). */
function absolute(name: string): string {
  const ascii = /\P{ASCII}/u.test(name) ? domainToASCII(name) || name : name;
  return (ascii.endsWith('.') ? ascii : `${ascii}.`).toLowerCase();
}
