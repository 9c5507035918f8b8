// SVCB and HTTPS: the test vectors of RFC 9460 appendix D, valid (D.1, D.2) and refused (D.3), and more of either kind.

import { TYPE } from '../../../../src/wire/rrtype.ts';
import { type ReadCase, type RefusedCase, readCases, refusedOctets, refusedTexts } from '../../../support/rdata-cases.ts';

const READ: readonly ReadCase[] = [
  [TYPE.HTTPS, '0 foo.example.com.', '000003666F6F076578616D706C6503636F6D00'],
  [
    TYPE.HTTPS,
    '0 foo.example.com. alpn=h2',
    '000003666F6F076578616D706C6503636F6D0000010003026832',
    '0 foo.example.com. alpn="h2"',
  ],
  [TYPE.SVCB, '1 .', '000100'],
  [TYPE.SVCB, '16 foo.example.com. port=53', '001003666F6F076578616D706C6503636F6D00000300020035'],
  [
    TYPE.SVCB,
    '1 foo.example.com. key667=hello',
    '000103666F6F076578616D706C6503636F6D00029B000568656C6C6F',
    '1 foo.example.com. key667="hello"',
  ],
  [TYPE.SVCB, '1 foo.example.com. key667="hello\\210qoo"', '000103666F6F076578616D706C6503636F6D00029B000968656C6C6FD2716F6F'],
  [
    TYPE.SVCB,
    '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
    '000103666F6F076578616D706C6503636F6D000006002020010DB800000000000000000000000120010DB8000000000000000000530001',
    '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
  ],
  [
    TYPE.SVCB,
    '1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
    '0001076578616D706C6503636F6D000006001020010DB80122034400000000C0000221',
    '1 example.com. ipv6hint=2001:db8:122:344::c000:221',
  ],
  [
    TYPE.SVCB,
    '16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1',
    '001003666F6F076578616D706C65036F7267000000000400010004000100090268320568332D313900040004C0000201',
    '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
  ],
  [
    TYPE.SVCB,
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    '001003666F6F076578616D706C65036F7267000001000C08665C6F6F2C626172026832',
  ],
  [
    TYPE.SVCB,
    '16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
    '001003666F6F076578616D706C65036F7267000001000C08665C6F6F2C626172026832',
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
  ],
  [
    TYPE.SVCB,
    '1 foo.example.com. alpn=h2 no-default-alpn',
    '000103666F6F076578616D706C6503636F6D000001000302683200020000',
    '1 foo.example.com. alpn="h2" no-default-alpn',
  ],
  [
    TYPE.SVCB,
    '1 foo.example.com. mandatory=key123 key123=abc',
    '000103666F6F076578616D706C6503636F6D0000000002007B007B0003616263',
    '1 foo.example.com. mandatory=key123 key123="abc"',
  ],
  [
    TYPE.SVCB,
    '1 foo.example.com. key1="\\002h2"',
    '000103666F6F076578616D706C6503636F6D0000010003026832',
    '1 foo.example.com. alpn="h2"',
  ],
  [
    TYPE.SVCB,
    '1 foo.example.com. key3="ab"',
    '000103666F6F076578616D706C6503636F6D00000300026162',
    '1 foo.example.com. port=24930',
  ],
  [TYPE.SVCB, '1 foo.example.com. key65534', '000103666F6F076578616D706C6503636F6D00FFFE0000'],
  [
    TYPE.SVCB,
    '1 foo.example.com. ech="AEP+DQA/4AAgACDiRRFgOzS5b5+fyY6W"',
    '000103666F6F076578616D706C6503636F6D00000500180043FE0D003FE000200020E24511603B34B96F9F9FC98E96',
    '1 foo.example.com. ech=AEP+DQA/4AAgACDiRRFgOzS5b5+fyY6W',
  ],
  [
    TYPE.SVCB,
    '1 dns.example. alpn=h2 dohpath=/dns-query{?dns}',
    '000103646E73076578616D706C650000010003026832000700102F646E732D71756572797B3F646E737D',
    '1 dns.example. alpn="h2" dohpath="/dns-query{?dns}"',
  ],
  [
    TYPE.SVCB,
    '1 dns.example. alpn=h2 ohttp',
    '000103646E73076578616D706C65000001000302683200080000',
    '1 dns.example. alpn="h2" ohttp',
  ],
  [
    TYPE.SVCB,
    '1 dns.example. alpn="a b" port=00053',
    '000103646E73076578616D706C65000001000403612062000300020035',
    '1 dns.example. alpn="a b" port=53',
  ],
  [TYPE.HTTPS, '1 . port=443 key5="a"', '00010000030002' + '01BB' + '0005000161', '1 . port=443 ech=YQ=='],
];

readCases(READ);

const REFUSED: readonly RefusedCase[] = [
  [TYPE.SVCB, '1 foo.example.com. key123=abc key123=def', 'parameter key123 stands twice'],
  [TYPE.SVCB, '1 foo.example.com. mandatory', 'mandatory is a list of parameter names, found ""'],
  [TYPE.SVCB, '1 foo.example.com. alpn', 'a protocol in alpn has 1 to 255 octets, found 0'],
  [TYPE.SVCB, '1 foo.example.com. port', 'port is 0 to 65535, found ""'],
  [TYPE.SVCB, '1 foo.example.com. ipv4hint', 'ipv4hint is a list of addresses, found ""'],
  [TYPE.SVCB, '1 foo.example.com. ipv6hint', 'ipv6hint is a list of addresses, found ""'],
  [TYPE.SVCB, '1 foo.example.com. no-default-alpn=abc', 'parameter no-default-alpn has no value'],
  [TYPE.SVCB, '1 foo.example.com. no-default-alpn', 'no-default-alpn stands without alpn'],
  [TYPE.SVCB, '1 foo.example.com. mandatory=key123', 'mandatory lists key123, which is not there'],
  [
    TYPE.SVCB,
    '1 foo.example.com. mandatory=mandatory',
    'parameter mandatory lists keys in ascending order, none twice and not itself',
  ],
  [
    TYPE.SVCB,
    '1 foo.example.com. mandatory=key123,key123 key123=abc',
    'parameter mandatory lists keys in ascending order, none twice and not itself',
  ],
  [TYPE.SVCB, '1 foo.example.com. key3="abc"', 'parameter port has two octets'],
  [
    TYPE.SVCB,
    '1 foo.example.com. key65535="abc"',
    'unknown parameter "key65535"; one without a name is written key0 to key65534',
  ],
  [TYPE.SVCB, '1 foo.example.com. key065', 'unknown parameter "key065"; one without a name is written key0 to key65534'],
  [TYPE.SVCB, '1 foo.example.com. ALPN=h2', 'unknown parameter "ALPN"; one without a name is written key0 to key65534'],
  [TYPE.SVCB, '1 foo.example.com. ech=""', 'parameter ech needs a value'],
  [
    TYPE.SVCB,
    '1 dns.example. alpn=h2 dohpath=/dns-query',
    'parameter dohpath is a path with the variable dns, such as /dns-query{?dns}',
  ],
  [TYPE.SVCB, '1 dns.example. alpn="h2,"', 'a protocol in alpn has 1 to 255 octets, found 0'],
  [TYPE.SVCB, '1 dns.example. alpn="a b" port=70000', 'port is 0 to 65535, found "70000"'],
  [TYPE.SVCB, '1 . alpn="\\\\x"', 'a backslash in alpn stands before a comma or backslash'],
  [TYPE.SVCB, `1 . alpn=${'a'.repeat(256)}`, 'a protocol in alpn has 1 to 255 octets, found 256'],
  [TYPE.SVCB, `1 . key9=${'a'.repeat(65536)}`, 'value of key9 is over 65535 octets'],
  [TYPE.SVCB, `1 . key9=${'a'.repeat(65535)}`, 'RDATA of 65542 octets; the most is 65535'],
  [TYPE.SVCB, '1 . ech=abc', 'ech is not base64'],
  [TYPE.SVCB, '1 . "port=53"', 'unknown parameter ""port"; one without a name is written key0 to key65534'],
];

refusedTexts(REFUSED);

const REFUSED_OCTETS: readonly RefusedCase[] = [
  [TYPE.SVCB, '0001000003', 'RDATA ends inside parameter'],
  [TYPE.SVCB, '0001000003000300', 'RDATA ends inside parameter'],
  [TYPE.SVCB, '00010000030002003500010003026832', 'parameters are not in ascending order of their keys'],
  [TYPE.SVCB, '000100000300020035000300020035', 'parameter port stands twice'],
  [TYPE.SVCB, '000100FFFF0000', 'parameter key 65535 is reserved'],
  [TYPE.SVCB, '000100000100030268', 'RDATA ends inside parameter'],
  [TYPE.SVCB, '000100000100020268', 'parameter alpn is a list of one or more protocols of 1 to 255 octets'],
  [TYPE.SVCB, '0001000001000100', 'parameter alpn is a list of one or more protocols of 1 to 255 octets'],
  [TYPE.SVCB, '00010000010000', 'parameter alpn is a list of one or more protocols of 1 to 255 octets'],
  [TYPE.SVCB, '00010000040003C00002', 'parameter ipv4hint is one or more addresses of 4 octets'],
  [TYPE.SVCB, '00010000060004C0000201', 'parameter ipv6hint is one or more addresses of 16 octets'],
  [TYPE.SVCB, '00010000050000', 'parameter ech needs a value'],
  [TYPE.SVCB, '00010000000003000300', 'parameter mandatory is a list of one or more keys of two octets'],
  [TYPE.SVCB, '0001000000000400040003', 'parameter mandatory lists keys in ascending order, none twice and not itself'],
  [TYPE.HTTPS, '000100000000020003', 'mandatory lists port, which is not there'],
];

refusedOctets(REFUSED_OCTETS);
