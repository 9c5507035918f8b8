// How schemas of routes become checks and serializers: by zod.

import type { FastifyServerOptions } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';

type Factory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;

/** All schemas are of zod. Fastify's own compilers would be made, and used for nothing: the code of both is 130 files. */
export const OUR_COMPILERS = {
  buildValidator: () => validatorCompiler,
  buildSerializer: () => serializerCompiler,
} as unknown as Factory; // whose types are of its own schemas
