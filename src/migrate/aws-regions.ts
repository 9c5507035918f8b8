// Where the regions of AWS are, as far as the provider names a city or a state: for the distance that stands in for latency. Degrees,
// to the nearest degree of the city (or the middle of the state) in the region's public name.

import type { DraftSite } from './draft.ts';

const REGIONS: Readonly<Record<string, readonly [number, number]>> = {
  'af-south-1': [-34, 18],
  'ap-east-1': [22, 114],
  'ap-northeast-1': [36, 140],
  'ap-northeast-2': [38, 127],
  'ap-northeast-3': [35, 136],
  'ap-south-1': [19, 73],
  'ap-south-2': [17, 78],
  'ap-southeast-1': [1, 104],
  'ap-southeast-2': [-34, 151],
  'ap-southeast-3': [-6, 107],
  'ap-southeast-4': [-38, 145],
  'ca-central-1': [46, -74],
  'ca-west-1': [51, -114],
  'eu-central-1': [50, 9],
  'eu-central-2': [47, 9],
  'eu-north-1': [59, 18],
  'eu-south-1': [45, 9],
  'eu-south-2': [42, -1],
  'eu-west-1': [53, -6],
  'eu-west-2': [52, 0],
  'eu-west-3': [49, 2],
  'il-central-1': [32, 35],
  'me-central-1': [24, 54],
  'me-south-1': [26, 51],
  'sa-east-1': [-24, -47],
  'us-east-1': [39, -77],
  'us-east-2': [40, -83],
  'us-west-1': [38, -122],
  'us-west-2': [46, -120],
};

/** Undefined for a region that is not in the table. */
export function placeOfRegion(region: string): DraftSite | undefined {
  const found = REGIONS[region];
  return found === undefined ? undefined : { latitude: found[0], longitude: found[1] };
}
