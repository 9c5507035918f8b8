// Compression of a response on its way, if the client takes it and it is worth it. Octets are compressed as they come and flushed at each
// pause of the server, so that a page that is made slowly appears as it is made.

import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import type { HttpCompression } from '../../model/site-http.ts';
import { type Fields, fieldOf, without } from './fields.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

type Encoding = 'br' | 'gzip';

/** Levels that cost little more than the network saves: the default of brotli, 11, takes a hundred times as long. */
const GZIP_LEVEL = 5;
const BROTLI_QUALITY = 4;

export interface CompressorSink {
  /** False: wait until the compressor is resumed. */
  onCompressed(octets: Buffer): boolean;
  onRoom(): void;
  onCompressedEnd(): void;
}

export class Compressor {
  readonly #stream;

  constructor(encoding: Encoding, sink: CompressorSink) {
    this.#stream =
      encoding === 'gzip'
        ? createGzip({ level: GZIP_LEVEL })
        : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } });
    this.#stream.on('data', (octets: Buffer) => {
      if (!sink.onCompressed(octets)) this.#stream.pause();
    });
    this.#stream.on('drain', () => sink.onRoom());
    this.#stream.on('end', () => sink.onCompressedEnd());
  }

  /** False: wait for onRoom. The octets are copied. */
  write(octets: Buffer): boolean {
    return this.#stream.write(Buffer.from(octets));
  }

  flush(): void {
    this.#stream.flush();
  }

  end(): void {
    this.#stream.end();
  }

  resume(): void {
    this.#stream.resume();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

/** How a response is to be compressed; null = not at all. */
export function encodingFor(request: RequestHead, response: ResponseHead, rule: HttpCompression | null): Encoding | null {
  if (rule === null) return null;
  if (request.method === 'HEAD' || response.status !== 200 || response.bodySize === 0) return null;
  if (response.statedSize >= 0 && response.statedSize < rule.leastSize) return null;
  const { fields } = response;
  const type = /^[^;\s]*/.exec(fieldOf(fields, 'content-type') ?? '')![0].toLowerCase();
  if (!rule.types.includes(type) || fieldOf(fields, 'content-encoding') !== null) return null;
  if (/no-transform/i.test(fieldOf(fields, 'cache-control') ?? '')) return null;
  const accepted = acceptedBy(fieldOf(request.fields, 'accept-encoding') ?? '');
  return rule.encodings.find((encoding) => accepted(encoding)) ?? null;
}

/** The fields of a response that is compressed, or could have been for another client (`encoding` null): caches must know of both. */
export function compressedFields(fields: Fields, encoding: Encoding | null): Fields {
  const vary = fieldOf(fields, 'vary');
  const isVaried = vary !== null && /(?:^|[\s,])(?:accept-encoding|\*)(?:$|[\s,])/i.test(vary);
  const varied = isVaried ? fields : [...fields, 'vary', 'accept-encoding'];
  if (encoding === null) return varied;
  const etag = fieldOf(varied, 'etag');
  // Other octets: not the same by a strong comparison (RFC 9110 section 8.8.1), and no ranges of them.
  const kept = without(varied, ['etag', 'accept-ranges', 'content-md5', 'digest']);
  if (etag !== null) kept.push('etag', etag.startsWith('W/') ? etag : `W/${etag}`);
  kept.push('content-encoding', encoding);
  return kept;
}

/** RFC 9110 section 12.5.3: what has the weight 0 is refused, `*` is everything that is not named. */
function acceptedBy(value: string): (encoding: Encoding) => boolean {
  const weights = new Map<string, number>();
  for (const member of value.toLowerCase().split(',')) {
    const [name, ...parameters] = member.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name!, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  return (encoding) => (weights.get(encoding) ?? weights.get('*') ?? 0) > 0;
}
