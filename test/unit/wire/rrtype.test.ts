import test from 'ava';
import { isMetaType, TYPE, typeFromName, typeName } from '../../../src/wire/rrtype.ts';

test('every type has a name of its own that leads back to it, in any case', (t) => {
  for (const [name, type] of Object.entries(TYPE)) {
    t.is(typeName(type), name);
    t.is(typeFromName(name.toLowerCase()), type);
    t.is(typeFromName(`TYPE${type}`), type);
  }
});

test('a type without a name is TYPE and its number', (t) => {
  t.is(typeName(65280), 'TYPE65280');
  t.is(typeFromName('type65280'), 65280);
  t.is(typeFromName('TYPE0'), 0);
});

test('what is neither a name nor a 16-bit number is no type', (t) => {
  for (const name of ['', 'AA', 'TYPE', 'TYPE65536', 'TYPE01', 'TYPE-1', 'TYPE1 ', 'constructor', '__proto__']) {
    t.is(typeFromName(name), undefined, name);
  }
});

test('types of questions and pseudo-records are told from types of data', (t) => {
  for (const type of [0, TYPE.OPT, TYPE.NXNAME, TYPE.TSIG, TYPE.AXFR, TYPE.ANY]) t.true(isMetaType(type), typeName(type));
  for (const type of [TYPE.A, TYPE.HTTPS, TYPE.URI, TYPE.GSLB, 127, 256]) t.false(isMetaType(type), typeName(type));
});
