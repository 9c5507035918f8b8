// URI: a name mapped to a URI (RFC 7553 section 4). The target is not a character-string: it has no length of its own.

import { TYPE } from '../rrtype.ts';
import { rdataCodec, uint16 } from './field.ts';
import { restText } from './rest-field.ts';

export const uri = rdataCodec(TYPE.URI, [uint16('priority'), uint16('weight'), restText('target')], (_octets, start, end) =>
  end - start === 4 ? 'target is empty' : undefined,
);
