// Every record type that Meridian knows by its fields. A type that is not here is carried as octets (RFC 3597).

import { a } from './a.ts';
import { aaaa } from './aaaa.ts';
import { apl } from './apl.ts';
import { caa } from './caa.ts';
import type { RdataCodec } from './codec.ts';
import { csync } from './csync.ts';
import { cdnskey, dnskey } from './dnskey.ts';
import { cds, ds } from './ds.ts';
import { hinfo } from './hinfo.ts';
import { loc } from './loc.ts';
import { mx } from './mx.ts';
import { naptr } from './naptr.ts';
import { nsec } from './nsec.ts';
import { nsec3 } from './nsec3.ts';
import { nsec3param } from './nsec3param.ts';
import { openpgpkey } from './openpgpkey.ts';
import { rp } from './rp.ts';
import { rrsig } from './rrsig.ts';
import { cname, dname, ns, ptr } from './single-name.ts';
import { soa } from './soa.ts';
import { srv } from './srv.ts';
import { sshfp } from './sshfp.ts';
import { https, svcb } from './svcb.ts';
import { smimea, tlsa } from './tlsa.ts';
import { txt } from './txt.ts';
import { uri } from './uri.ts';
import { zonemd } from './zonemd.ts';

const ADDRESSING = [a, aaaa, ns, soa, cname, dname, ptr, mx, srv, naptr, svcb, https, uri, apl];
const DESCRIBING = [txt, hinfo, rp, loc, caa, sshfp, tlsa, smimea, openpgpkey];
const SECURING = [ds, dnskey, rrsig, nsec, nsec3, nsec3param, cds, cdnskey, csync, zonemd];

const CODECS: ReadonlyMap<number, RdataCodec> = new Map(
  [...ADDRESSING, ...DESCRIBING, ...SECURING].map((codec) => [codec.type, codec]),
);

/** The codec of a record type; undefined if the type has none and its data is generic (rdata/generic.ts). */
export const codecOf = (type: number): RdataCodec | undefined => CODECS.get(type);
