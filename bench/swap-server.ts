// Meridian's own workers under steering images that change as fast as they ever will: four times a second, as after so many
// changes of health. This stands in for health, so that each plan changes each time; everything below it is real.
// bench/swap.ts starts it: `swap-server CONFIG`. SIGUSR2 begins the swapping; at SIGTERM it writes how many there were.

import { writeFileSync } from 'node:fs';
import { setInterval } from 'node:timers/promises';
import { imagesOf } from '../src/app/answering/image-feed.ts';
import { planListening } from '../src/app/answering/listening-plan.ts';
import { Workers } from '../src/app/answering/workers.ts';
import { load } from '../src/app/loading/load.ts';
import { createLogger } from '../src/app/log.ts';
import { countersSize } from '../src/metrics/counters.ts';
import { EVERYTHING_UP } from '../src/model/health.ts';
import { buildSteering } from '../src/steering/build.ts';
import { SteeringImage } from '../src/steering/image.ts';

const EVERY_MS = 250;

const { loaded, problems } = load(process.argv[2]!);
if (loaded === undefined) throw new Error(JSON.stringify(problems));
const { server: settings, steering: model } = loaded.snapshot;
const plan = await planListening(settings, 1);
if (!plan.ok) throw new Error(JSON.stringify(plan.error));
let images = imagesOf(loaded, 1, EVERYTHING_UP, { workers: plan.value.workers });
const counters = new SharedArrayBuffer(countersSize(plan.value.workers));
const workers = new Workers({ settings, plan: plan.value, counters, images, log: await createLogger(settings.log) });
const problem = await workers.start();
if (problem !== undefined) throw new Error(problem.message);

let swaps = 0;
process.once('SIGTERM', async () => {
  await workers.close();
  writeFileSync('swaps', String(swaps));
  process.exit(0);
});
process.once('SIGUSR2', async () => {
  for await (const _ of setInterval(EVERY_MS)) {
    // Every other member is down, in turn the even and the odd ones: each plan changes each time.
    const health = { ...EVERYTHING_UP, isUp: (member: number): boolean => (member + swaps) % 2 === 0 };
    const steering = buildSteering(model, loaded.geography.table, health, new SteeringImage(images.steering));
    images = { ...images, generation: images.generation + 1, steering };
    await workers.steer(images);
    swaps++;
  }
});
