import test from 'ava';
import { NOWHERE, type Place } from '../../../src/model/place.ts';
import type { PolicyNode } from '../../../src/model/steering.ts';
import { Decider } from '../../../src/steering/decide.ts';
import { ListNumbers } from '../../../src/steering/intern.ts';
import { ShapeCompiler, Viewpoint } from '../../../src/steering/shape.ts';
import { failover, map, modelOf, nearest, placeAt, pool, weighted } from '../../support/steering.ts';

const model = modelOf({ web: [{ site: 'london' }, { site: 'frankfurt' }, { site: 'tokyo' }], api: [{ site: 'tokyo' }] }, {});
const decider = new Decider(model);
const compiler = new ShapeCompiler(decider, new ListNumbers());
let serial = 0;

function shapeOf(root: PolicyNode, place: Place = NOWHERE): number {
  const here = new Viewpoint(place);
  here.distancesKm = decider.measure(place);
  here.serial = ++serial;
  return compiler.compile(root).shape(here);
}

test('trees without geography are constants, and different trees are different constants', (t) => {
  const trees = [
    pool(0),
    pool(1),
    failover([pool(0)]),
    failover([pool(0), pool(1)]),
    failover([pool(1), pool(0)]),
    weighted([[1, pool(0)]]),
    weighted([[2, pool(0)]]),
    weighted([[1, failover([pool(0)])]]),
  ];
  t.is(new Set(trees.map((tree) => compiler.compile(tree).constant)).size, trees.length);
  for (const tree of trees) t.is(shapeOf(tree), compiler.compile(tree).constant!);
  t.is(compiler.compile(failover([pool(0), nearest(0)])).constant, null);
});

test('the shape of a nearest node is the order of its tie groups, not the distances', (t) => {
  const near = failover([nearest(0, 700), pool(1)]);
  const inSuffolk = { ...placeAt('london'), latitude: 52, longitude: 1 };
  t.is(shapeOf(near, placeAt('london')), shapeOf(near, inSuffolk));
  t.is(shapeOf(near, placeAt('london')), shapeOf(near, placeAt('frankfurt')), 'one tie group');
  t.not(shapeOf(near, placeAt('london')), shapeOf(near, placeAt('tokyo')));
  t.not(shapeOf(near, placeAt('london')), shapeOf(near), 'all sites tie at an unknown place');
});

test('the shape of a map is that of the child it chooses', (t) => {
  const choice = map({
    countries: new Map([
      ['GB', pool(1)],
      ['JP', nearest(0)],
    ]),
    otherwise: pool(0),
  });
  t.is(shapeOf(choice, placeAt('london', { country: 'GB' })), shapeOf(pool(1)));
  t.is(shapeOf(choice), shapeOf(pool(0)));
  const japan = placeAt('tokyo', { country: 'JP' });
  t.is(shapeOf(choice, japan), shapeOf(nearest(0), japan));
});
