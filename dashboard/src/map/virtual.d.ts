// The module that the build makes.

declare module 'virtual:world-map' {
  import type { MapCountry } from './world-map.d.ts';
  export const COUNTRIES: readonly MapCountry[];
}
