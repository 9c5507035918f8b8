// The OpenAPI document, from the schemas of the routes. It is made by an application of its own, which has the same routes and never
// listens: what makes it comes with a reader of YAML and more, eighty files that no start of the API should wait for.

import swagger from '@fastify/swagger';
import { fastify } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { OUR_COMPILERS } from './compilers.ts';
import type { AppOptions } from './route.ts';
import { addRoutes } from './routes.ts';
import type { ApiDocument } from './routes-service.ts';

export async function describeApi(options: AppOptions): Promise<ApiDocument> {
  const app = fastify({ logger: false, schemaController: { compilersFactory: OUR_COMPILERS } });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Meridian admin API',
        version: options.version,
        description: 'Who is up and why, orders, reloads, events, audit.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(async (scope) => addRoutes(scope, options, () => Promise.reject(new Error('this one answers nobody'))));
  await app.ready();
  return app.swagger();
}
