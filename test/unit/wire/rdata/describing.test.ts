// Types that describe or vouch for something: TXT HINFO RP LOC CAA SSHFP TLSA SMIMEA OPENPGPKEY.
// Locations are the examples of RFC 1876. The octets were made by an independent server (named-rrchecker of BIND 9).

import { TYPE } from '../../../../src/wire/rrtype.ts';
import { type ReadCase, type RefusedCase, readCases, refusedOctets, refusedTexts } from '../../../support/rdata-cases.ts';

const READ: readonly ReadCase[] = [
  [
    TYPE.TXT,
    '"hello world" foo "" "a\\"b\\\\c\\007"',
    '0B68656C6C6F20776F726C6403666F6F00066122625C6307',
    '"hello world" "foo" "" "a\\"b\\\\c\\007"',
  ],
  [
    TYPE.CAA,
    '0 issue "ca.example.net; account=230123"',
    '0005697373756563612E6578616D706C652E6E65743B206163636F756E743D323330313233',
  ],
  [TYPE.CAA, '128 tbs Unknown', '8003746273556E6B6E6F776E', '128 tbs "Unknown"'],
  [TYPE.CAA, '0 issue ""', '00056973737565'],
  [TYPE.HINFO, '"PDP-11" "UNIX"', '065044502D313104554E4958'],
  [TYPE.HINFO, 'RFC8482 ""', '075246433834383200', '"RFC8482" ""'],
  [
    TYPE.RP,
    'louie.trantor.umd.edu. lam1.people.umd.edu.',
    '056C6F756965077472616E746F7203756D640365647500046C616D310670656F706C6503756D640365647500',
  ],
  [
    TYPE.SSHFP,
    '2 1 123456789abcdef67890123456789abcdef67890',
    '0201123456789ABCDEF67890123456789ABCDEF67890',
    '2 1 123456789ABCDEF67890123456789ABCDEF67890',
  ],
  [
    TYPE.SSHFP,
    '4 2 123456789abcdef67890123456789abcdef67890123456789abcdef678901234',
    '0402123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF678901234',
    '4 2 123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF678901234',
  ],
  [TYPE.SSHFP, '4 9 12', '040912'],
  [
    TYPE.TLSA,
    '0 0 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971',
    '000001D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971',
    '0 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971',
  ],
  [TYPE.TLSA, '3 1 0 d2abde', '030100D2ABDE', '3 1 0 D2ABDE'],
  [
    TYPE.SMIMEA,
    '0 0 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971',
    '000001D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971',
    '0 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971',
  ],
  [TYPE.OPENPGPKEY, 'AQPSKmynfzW4', '0103D22A6CA77F35B8'],
  [
    TYPE.LOC,
    '42 21 54 N 71 06 18 W -24m 30m',
    '0033161389172DD070BE15F000988D20',
    '42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m',
  ],
  [
    TYPE.LOC,
    '42 21 43.952 N 71 5 6.344 W -24m 1m 200m',
    '001224138917069070BF2DD800988D20',
    '42 21 43.952 N 71 5 6.344 W -24.00m 1m 200m 10m',
  ],
  [TYPE.LOC, '52 14 05 N 00 08 50 E 10m', '001216138B3556C88008165000989A68', '52 14 5.000 N 0 8 50.000 E 10.00m 1m 10000m 10m'],
  [TYPE.LOC, '32 7 19 S 116 2 25 E 10m', '00121613791B7D2898E6486800989A68', '32 7 19.000 S 116 2 25.000 E 10.00m 1m 10000m 10m'],
  [
    TYPE.LOC,
    '42 21 28.764 N 71 00 51.617 W -44m 2000m',
    '002516138916CB3C70C310DF00988550',
    '42 21 28.764 N 71 0 51.617 W -44.00m 2000m 10000m 10m',
  ],
  [TYPE.LOC, '90 N 180 W 0', '00121613934FD90059604E0000989680', '90 0 0.000 N 180 0 0.000 W 0.00m 1m 10000m 10m'],
  [
    TYPE.LOC,
    '1 S 2 E 42849672.95m 90000000.00m 0m 0.05',
    '009900507FC91180806DDD00FFFFFFFF',
    '1 0 0.000 S 2 0 0.000 E 42849672.95m 90000000m 0m 0.05m',
  ],
  [
    TYPE.LOC,
    '1 S 2 E -100000.00 12345.67m',
    '001616137FC91180806DDD0000000000',
    '1 0 0.000 S 2 0 0.000 E -100000.00m 10000m 10000m 10m',
  ],
  [
    TYPE.LOC,
    '1 59 59.999 S 2 E 0.5m 0.01m',
    '001016137F922301806DDD00009896B2',
    '1 59 59.999 S 2 0 0.000 E 0.50m 0.01m 10000m 10m',
  ],
];

readCases(READ);

const REFUSED: readonly RefusedCase[] = [
  [TYPE.CAA, '0 is-sue "x"', 'tag is 1 to 255 letters and digits, such as issue, found "is-sue"'],
  [TYPE.CAA, '0 "" "x"', 'tag must not be quoted'],
  [TYPE.SSHFP, '2 1 123456789abcdef678901234', 'fingerprint type 1 takes 20 octets, found 12'],
  [TYPE.TLSA, '0 0 1 d2abde', 'matching type 1 takes 32 octets, found 3'],
  [TYPE.TLSA, '3 1 0', 'certificate association data is missing'],
  [TYPE.OPENPGPKEY, 'AQPSKmynfzW5kyBv01=', 'key is malformed'],
  [TYPE.LOC, '90 0 0.001 N 180 W 0', 'latitude is degrees up to 90, then perhaps minutes and seconds, then N or S'],
  [
    TYPE.LOC,
    '1 S 2 E 42849672.96m',
    'altitude is metres from -100000 to 42849672.95 with at most two decimals, found "42849672.96m"',
  ],
  [TYPE.LOC, '1 60 S 2 E 0', 'latitude is degrees up to 90, then perhaps minutes and seconds, then N or S, found "60"'],
  [TYPE.LOC, '1 59 60 S 2 E 0', 'latitude is degrees up to 90, then perhaps minutes and seconds, then N or S, found "60"'],
  [TYPE.LOC, '1 S 2 E 0 90000000.01m', 'size is metres from 0 to 90000000 with at most two decimals, found "90000000.01m"'],
  [TYPE.LOC, '1 S 2 E', 'altitude is missing'],
  [TYPE.LOC, '1 S 2 N 0', 'longitude is degrees up to 180, then perhaps minutes and seconds, then E or W, found "N"'],
  [TYPE.TXT, '', 'text is missing'],
  [TYPE.TXT, 'a'.repeat(256), 'text of 256 octets; the most in one string is 255'],
  [TYPE.LOC, '1 2 3 4 N 2 E 0', 'latitude is degrees up to 90, then perhaps minutes and seconds, then N or S, found "4"'],
  [TYPE.LOC, '1 N 2 E 1km', 'altitude is metres from -100000 to 42849672.95 with at most two decimals, found "1km"'],
  [TYPE.CAA, `0 ${'a'.repeat(256)} x`, `tag is 1 to 255 letters and digits, such as issue, found "${'a'.repeat(256)}"`],
];

refusedTexts(REFUSED);

const REFUSED_OCTETS: readonly RefusedCase[] = [
  [TYPE.TXT, '', 'RDATA ends inside text'],
  [TYPE.TXT, '0261620361', 'RDATA ends inside text'],
  [TYPE.HINFO, '0161', 'RDATA ends inside operating system'],
  [TYPE.CAA, '0005', 'RDATA ends inside tag'],
  [TYPE.CAA, '00', 'RDATA ends inside tag'],
  [TYPE.CAA, '0000', 'tag is 1 to 255 letters and digits, such as issue'],
  [TYPE.CAA, '00026120', 'tag is 1 to 255 letters and digits, such as issue'],
  [TYPE.LOC, '00', 'RDATA ends inside location'],
  [TYPE.LOC, '01121613800000008000000000989680', 'version of a location is 0, found 1'],
  [TYPE.LOC, '00021613800000008000000000989680', 'size or precision is not a decimal digit and a power of ten'],
  [TYPE.LOC, '0012161A800000008000000000989680', 'size or precision is not a decimal digit and a power of ten'],
  [TYPE.LOC, '00121613000000008000000000989680', 'latitude is beyond 90 degrees'],
  [TYPE.LOC, '0012161380000000FFFFFFFF00989680', 'longitude is beyond 180 degrees'],
  [TYPE.SSHFP, '0101', 'RDATA ends inside fingerprint'],
  [TYPE.OPENPGPKEY, '', 'RDATA ends inside key'],
];

refusedOctets(REFUSED_OCTETS);
