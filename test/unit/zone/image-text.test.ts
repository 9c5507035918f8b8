// What an image prints parses back to the very same image's records.

import test from 'ava';
import { compileZone } from '../../../src/zone/compile.ts';
import { ZoneImage } from '../../../src/zone/image.ts';
import { printImage } from '../../../src/zone/image-text.ts';
import { parseText } from '../../support/zone-text.ts';

const ZONE = `$TTL 300
@ 7200 IN SOA ns1 host 7 3600 600 86400 300
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns2 AAAA 2001:db8::2
www 60/5 GSLB www-policy
api GSLB api-policy
text TXT "a \\"quoted\\" word" "two"
*.wild CNAME www
odd TYPE65280 \\# 3 010203
`;

const imageOf = (text: string): ZoneImage => {
  const parsed = parseText(text);
  if (parsed.records === undefined) throw new Error(JSON.stringify(parsed.problems));
  return new ZoneImage(compileZone(parsed.records));
};

test('a printed image is the same zone again', (t) => {
  const image = imageOf(ZONE);
  const text = printImage(image);
  t.is(text.split('\n').length - 1, image.recordCount);
  t.is(printImage(imageOf(text)), text);
});

test('steering records keep both times to live and their policy', (t) => {
  const text = printImage(imageOf(ZONE));
  t.regex(text, /^www\.example\.test\. 60\/5 IN GSLB www-policy$/m);
  t.regex(text, /^odd\.example\.test\. 300 IN TYPE65280 \\# 3 010203$/m);
});
