import test from 'ava';
import { distanceKm } from '../../../src/geo/distance.ts';

test('known distances are met within half a percent', (t) => {
  const near = (actual: number, expected: number) => t.true(Math.abs(actual - expected) <= expected * 0.005, String(actual));
  near(distanceKm(51.5074, -0.1278, 48.8566, 2.3522), 343.6); // London, Paris
  near(distanceKm(40.7128, -74.006, 35.6762, 139.6503), 10849); // New York, Tokyo
  near(distanceKm(-33.8688, 151.2093, -23.5505, -46.6333), 13360); // Sydney, Sao Paulo
});

test('a point is no distance from itself, also across the date line and at a pole', (t) => {
  t.is(distanceKm(12.5, 34.5, 12.5, 34.5), 0);
  t.true(distanceKm(10, 180, 10, -180) < 1e-6);
  t.true(distanceKm(90, 0, 90, 77) < 1e-6);
});

test('antipodes are half a circumference apart and never not a number', (t) => {
  for (const latitude of [0, 0.1, 33.333, 89.999]) {
    t.true(Math.abs(distanceKm(latitude, 20, -latitude, -160) - 20015.1) < 0.1);
  }
});

test('short distances keep their digits', (t) => {
  t.true(Math.abs(distanceKm(50, 10, 50.00001, 10) - 0.00111195) < 1e-7);
});
