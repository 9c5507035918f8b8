// OPENPGPKEY: an OpenPGP public key (RFC 7929).

import { TYPE } from '../rrtype.ts';
import { rdataCodec } from './field.ts';
import { restBase64 } from './rest-field.ts';

export const openpgpkey = rdataCodec(TYPE.OPENPGPKEY, [restBase64('key')]);
