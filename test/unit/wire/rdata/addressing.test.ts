// Types that say where something is: A AAAA NS SOA CNAME DNAME PTR MX SRV NAPTR URI APL.
// The octets were made by an independent server (named-rrchecker of BIND 9) from the same text.

import { TYPE } from '../../../../src/wire/rrtype.ts';
import { type ReadCase, type RefusedCase, readCases, refusedOctets, refusedTexts } from '../../../support/rdata-cases.ts';

const READ: readonly ReadCase[] = [
  [TYPE.A, '192.0.2.1', 'C0000201'],
  [TYPE.AAAA, '2001:db8::1', '20010DB8000000000000000000000001'],
  [TYPE.AAAA, '::ffff:192.0.2.1', '00000000000000000000FFFFC0000201', '::ffff:192.0.2.1'],
  [
    TYPE.SOA,
    'ns1.example. host\\.master.example. 2024010101 7200 3600 1209600 300',
    '036E7331076578616D706C65000B686F73742E6D6173746572076578616D706C650078A3F17500001C2000000E10001275000000012C',
  ],
  [TYPE.MX, '10 mail.example.', '000A046D61696C076578616D706C6500'],
  [TYPE.SRV, '1 2 443 srv.example.', '0001000201BB03737276076578616D706C6500'],
  [
    TYPE.NAPTR,
    '100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.',
    '0064003201730D7A333935302B49324C2B49324300065F7A33393530045F746370066761746563680365647500',
  ],
  [
    TYPE.NAPTR,
    '100 10 "" "" "!^urn:cid:.+@([^\\\\.]+\\\\.)(.*)$!\\\\2!i" .',
    '0064000A000021215E75726E3A6369643A2E2B40285B5E5C2E5D2B5C2E29282E2A2924215C32216900',
  ],
  [
    TYPE.NAPTR,
    '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .',
    '0064000A0175074532552B7369701B215E2E2A24217369703A696E666F406578616D706C652E636F6D2100',
  ],
  [TYPE.URI, '10 1 "ftp://ftp1.example.com/public"', '000A00016674703A2F2F667470312E6578616D706C652E636F6D2F7075626C6963'],
  [TYPE.APL, '1:192.168.32.0/21 !1:192.168.38.0/28', '00011503C0A82000011C83C0A826'],
  [TYPE.APL, '1:224.0.0.0/4 2:FF00:0:0:0:0:0:0:0/8', '00010401E000020801FF', '1:224.0.0.0/4 2:ff00::/8'],
  [TYPE.APL, '1:0.0.0.0/0 2:::/0', '0001000000020000'],
  [TYPE.APL, '', ''],
  [TYPE.DNAME, 'frobozz-division.acme.example.', '1066726F626F7A7A2D6469766973696F6E0461636D65076578616D706C6500'],
  [TYPE.NS, '.', '00'],
  [TYPE.CNAME, 'www', '03777777076578616D706C6500', 'www.example.'],
  [TYPE.PTR, '\\000\\.x.', '03002E7800', '\\000\\.x.'],
];

readCases(READ);

const REFUSED: readonly RefusedCase[] = [
  [TYPE.A, '192.0.2', 'address is four decimal octets such as 192.0.2.1, found "192.0.2"'],
  [TYPE.AAAA, '1.2.3.4', 'address is IPv6 such as 2001:db8::1, found "1.2.3.4"'],
  [TYPE.NAPTR, '100 10 "" "" "!^x!" .', 'the regular expression has three delimiters, as in !pattern!replacement!'],
  [TYPE.NAPTR, '100 10 "" "" "!^(x)!\\\\2!" .', 'the regular expression has no group 2'],
  [TYPE.NAPTR, '100 10 "" "" "ixiyi" .', 'the delimiter of the regular expression is a digit, i, \\ or NUL'],
  [TYPE.NAPTR, '100 10 "" "" "!x!y!q" .', 'the only flag of a regular expression is i'],
  [TYPE.URI, '10 1 ""', 'target is empty'],
  [TYPE.APL, '1:192.168.32.0/33', 'address prefix is such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "1:192.168.32.0/33"'],
  [TYPE.APL, '3:192.168.32.0/3', 'address prefix is such as 1:192.0.2.0/24 or !2:2001:db8::/32, found "3:192.168.32.0/3"'],
  [TYPE.MX, '65536 mail.example.', 'preference is 0 to 65535, found "65536"'],
  [TYPE.NS, '"ns1.example."', 'name server must not be quoted'],
  [TYPE.NS, 'a..example.', 'empty label in name "a..example."'],
];

refusedTexts(REFUSED);

const REFUSED_OCTETS: readonly RefusedCase[] = [
  [TYPE.A, 'C00002', 'RDATA ends inside address'],
  [TYPE.A, 'C000020100', 'octets left over after address: 1'],
  [TYPE.AAAA, '20010DB8', 'RDATA ends inside address'],
  [TYPE.NS, '', 'RDATA ends inside name server'],
  [TYPE.NS, '0361', 'RDATA ends inside name server'],
  [TYPE.NS, 'C00C', 'name server is compressed or has a label over 63 octets'],
  [
    TYPE.NS,
    '01613F6161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161613F6161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161613F6161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161613F61616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161616100',
    'name server is a name of over 255 octets',
  ],
  [TYPE.SOA, '00000000000180000000000000010000000100000001', 'refresh of 2147483648 seconds; the most is 2147483647'],
  [TYPE.SOA, '0000000000010000', 'RDATA ends inside refresh'],
  [TYPE.NAPTR, '0001000102612D000000', 'flags are letters and digits'],
  [TYPE.NAPTR, '00010001000004215C212100', 'the regular expression has three delimiters, as in !pattern!replacement!'],
  [TYPE.NAPTR, '0001000100000321615C00', 'the regular expression ends in a backslash'],
  [TYPE.NAPTR, '000100010000052161215C3000', 'the regular expression has no group 0'],
  [TYPE.NAPTR, '000100010000052161', 'RDATA ends inside regular expression'],
  [TYPE.URI, '000A0001', 'target is empty'],
  [TYPE.APL, '000118', 'RDATA ends inside address prefix'],
  [TYPE.APL, '00031801C0', 'address family is 1 (IPv4) or 2 (IPv6), found 3'],
  [TYPE.APL, '00012101C0', 'address prefix is longer than an address of family 1'],
  [TYPE.APL, '00011805C000020001', 'address prefix is longer than an address of family 1'],
  [TYPE.APL, '00011803C000', 'RDATA ends inside address prefix'],
  [TYPE.APL, '00011803C00000', 'the address in an address prefix ends in a zero octet'],
];

refusedOctets(REFUSED_OCTETS);
