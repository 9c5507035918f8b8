// The dashboard in a browser: first on the whole program with its demo, then on the API over a larger world in bad shape.

import test from 'ava';
import type { Browser, Locator, Page } from 'playwright-core';
import { newToken } from '../../src/admin/token.ts';
import { openPage, picture, seriousFindings, startBrowser } from '../support/browser.ts';
import { type DashboardServer, startDashboardServer } from '../support/dashboard-server.ts';
import { calmWorld, nightWorld } from '../support/dashboard-world.ts';
import { startDemo } from '../support/demo.ts';
import { dig } from '../support/dig.ts';

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };

let browser: Browser;
let server: DashboardServer;
test.before(async () => {
  browser = await startBrowser();
  server = await startDashboardServer(nightWorld(Date.now()));
});
test.after.always(async () => {
  await browser?.close();
  await server?.stop();
});
test.beforeEach(() => {
  server.world = nightWorld(Date.now());
  server.tokens = [];
  server.given.length = 0;
});

const country = (page: Page, code: string) => page.locator(`path[data-code="${code}"]`);
const classOf = (page: Page, code: string): Promise<string> => country(page, code).getAttribute('class').then(String);
/** As it is shown. */
const textOf = async (part: Locator): Promise<string> => (await part.allInnerTexts()).join('\n');
const row = (page: Page, site: string) =>
  page.locator('.site-row').filter({ has: page.getByRole('button', { name: site, exact: true }) });

test.serial('on the whole program: the map, an explanation, the rates, a drain and its end, and a failure', async (t) => {
  const demo = await startDemo(['drain: 6s', 'drain: 0s'], [/^geo:/m, 'admin:\n  listen: ["127.0.0.1:0"]\ngeo:']);
  t.teardown(() => demo.stop());
  const { endpoints } = (await demo.server.logged('admin API listening')) as { endpoints: { port: number }[] };
  const { page, complaints } = await openPage(t, browser, `http://127.0.0.1:${endpoints[0]!.port}/`, { viewport: DESK });

  await page.locator('[data-stream=open]').waitFor();
  await page.getByText('All is well: 12 of 12 members serve, at 5 sites.').waitFor();
  await page.locator('path[data-code=GB].country[class*=site-]').waitFor();
  const byLondon = await classOf(page, 'GB');
  t.not(byLondon, await classOf(page, 'JP'), 'Japan is served by another site than Britain');

  await page.getByLabel('Name', { exact: true }).fill('www.example.test');
  await page.getByLabel('Client address or network').fill('81.2.69.142');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('.verdict', { hasText: '81.2.69.142/32 in United Kingdom gets london' }).waitFor();
  t.regex(await textOf(page.locator('.records')), /IN A 192\.0\.2\.10/);
  t.regex(await textOf(page.locator('.consideration.fate-kept')), /web\/london 100 %/);
  await page.getByLabel('Client address or network').fill('no address');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('.explanation .refusal', { hasText: 'no address' }).waitFor();

  // A rate is shown for two seconds: ask until it has been seen.
  let isOver = false;
  const rate = page.locator('[data-kind=NOERROR] dd', { hasText: /[1-9]/ }).waitFor();
  const seen = rate.finally(() => {
    isOver = true;
  });
  const asking = (async () => {
    while (!isOver) await dig(demo.server.port, 'www.example.test');
  })();
  await Promise.all([seen, asking]);

  await page.getByRole('button', { name: 'Drain london' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('row', { name: /^london .*−/ }).waitFor();
  await dialog.getByLabel(/^Reason/).fill('new switch');
  await dialog.getByLabel('Your name').fill('ann');
  t.deepEqual(await seriousFindings(page), []);
  await picture(page, 'real-drain');
  await dialog.getByRole('button', { name: 'Drain london' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.order-row', { hasText: 'new switch' }).waitFor();
  await row(page, 'london').getByText('drained').waitFor();
  await page.locator(`path[data-code=GB]:not([class="${byLondon}"])`).waitFor();
  await page.locator('.event', { hasText: 'new switch' }).first().waitFor();
  await picture(page, 'real-drained');

  await page.getByRole('button', { name: 'Undrain london' }).click();
  await dialog.getByRole('button', { name: 'Take it back' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator(`path[data-code=GB][class="${byLondon}"]`).waitFor();
  await page.getByText('Nothing is forced or drained.').waitFor();

  await demo.command('demo', 'stop', 'tokyo');
  await page.locator('.concern', { hasText: 'tokyo is down' }).waitFor();
  await page.locator('[data-member="web/tokyo"]', { hasText: 'seen down' }).waitFor();
  await page.locator('.event [data-sign=down]').first().waitFor();
  await picture(page, 'real-failure');
  t.deepEqual(complaints, []);
});

for (const [name, viewport] of [
  ['phone', PHONE],
  ['desk', DESK],
] as const) {
  test.serial(`at night, on a ${name}: everything is told, fits, and can be read by day and in the dark`, async (t) => {
    const { page, complaints } = await openPage(t, browser, server.url, { viewport });
    await page.locator('path[data-code=FR][class*=site-]').waitFor();
    await page.locator('.event').first().waitFor();
    const told = await textOf(page.locator('#attention'));
    t.regex(told, /tokyo is down: 2 of 3 vantage points in 3 regions: refused/);
    t.regex(told, /nrt-1 saw nearly everything go down/);
    t.regex(told, /saopaulo over target load/);
    t.regex(told, /Under orders: site:johannesburg/);
    t.regex(await textOf(row(page, 'sydney')), /recovering, 58 %/);
    t.regex(await textOf(row(page, 'saopaulo')), /load 8,450 of 10,000, target 8,000 \(over target\)/);
    t.regex(await textOf(page.locator('[data-member="web/johannesburg"]')), /drained\s+seen up/);
    await page.locator('[data-member="web/tokyo"]').getByRole('button').click();
    t.regex(await textOf(page.locator('.member-detail')), /fra-1 \(europe\) sees it down .* connection refused.* ago/);
    t.regex(await textOf(page.locator('.foot')), /IP Geolocation by DB-IP.*Natural Earth/);
    const { width } = (await page.locator('[data-member="web/tokyo"]').boundingBox())!;
    t.true(width > viewport.width / 2, 'the rows of the pools have the room that there is');
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    t.is(overflow, 0, 'nothing is wider than the screen');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.deepEqual(await seriousFindings(page), [], colorScheme);
      await picture(page, `night-${name}-${colorScheme}`);
    }
    t.deepEqual(complaints, []);
  });
}

test.serial('a site that is chosen shows whom it serves, on the map and in words', async (t) => {
  const { page } = await openPage(t, browser, server.url, { viewport: DESK });
  await page.locator('path[data-code=FR][class*=site-]').waitFor();
  await page.locator('.marker[aria-label^="sydney"]').click();
  await page.locator('.map-readout', { hasText: /sydney serves \d+ countries/ }).waitFor();
  t.regex(await classOf(page, 'AU'), /chosen/);
  t.regex(await classOf(page, 'JP'), /split.*chosen/, 'shared with another site');
  t.notRegex(await classOf(page, 'FR'), /chosen/);
  await country(page, 'IN').hover();
  await page.locator('.map-readout', { hasText: 'India: sydney 58 % and frankfurt 42 %' }).waitFor();
  await page.getByText('The map as a list').click();
  await page.locator('.served dd', { hasText: 'Japan (58 %)' }).first().waitFor();
});

for (const [name, viewport] of [
  ['phone', PHONE],
  ['desk', DESK],
] as const) {
  test.serial(`on a ${name}, a site that is clicked off shows who would serve its clients, and nothing changes`, async (t) => {
    const { page, complaints } = await openPage(t, browser, server.url, { viewport });
    await page.locator('path[data-code=FR][class*=site-]').waitFor();
    const byFrankfurt = await classOf(page, 'FR');
    await page.getByRole('button', { name: 'What if' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.marker[aria-label^="frankfurt"]').focus();
    await page.keyboard.press('Enter');
    await page.getByText('What would be without frankfurt. Nothing has changed.').waitFor();
    await page.locator(`path[data-code=FR]:not([class="${byFrankfurt}"])`).waitFor();
    await page.locator('.marker[aria-label^="frankfurt"][aria-label$="as if it were off"][aria-pressed=true]').waitFor();
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    t.is(overflow, 0, 'nothing is wider than the screen');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.deepEqual(await seriousFindings(page), [], colorScheme);
      await picture(page, `what-if-${name}-${colorScheme}`);
    }
    await page.getByRole('button', { name: 'What if' }).click();
    await page.locator(`path[data-code=FR][class="${byFrankfurt}"]`).waitFor();
    t.deepEqual(server.given, []);
    t.deepEqual(complaints, []);
  });
}

for (const [name, viewport] of [
  ['phone', PHONE],
  ['desk', DESK],
] as const) {
  test.serial(`on a ${name}: what is promised and how it is kept, and answers a second by rcode and by site`, async (t) => {
    const { page, complaints } = await openPage(t, browser, server.url, { viewport });
    const promised = page.locator('[data-objective=availability]');
    await promised.waitFor();
    t.regex(await textOf(page.locator('#objectives .count')), /1 burning/);
    t.regex(await textOf(promised), /Availability 99\.99 %/);
    t.regex(await textOf(promised), /burns 11\.2 times as fast as it may/);
    t.regex(await textOf(promised.getByRole('row', { name: /^1 h/ })), /11\.2\s+16,900\s+15,048,000/);
    t.regex(await textOf(page.locator('[data-objective=steering]')), /100 % of the error budget of 3 days is left/);
    t.regex(await textOf(page.locator('#attention')), /error budget of availability burns/);

    const answers = page.locator('#answers');
    t.regex(await textOf(answers), /the last 4 min, up to/, 'a page that has just been opened has the minutes before');
    t.is(await textOf(answers.locator('[data-kind=SERVFAIL] dd')), '240');
    server.measure({ ...server.world.samples.at(-1)!, atMs: Date.now() + 2000, byRcode: { NOERROR: 777, FORMERR: 3 } });
    await answers.locator('[data-kind=NOERROR] dd', { hasText: '777' }).waitFor();
    t.is(await textOf(answers.locator('[data-kind=other] dd')), '3');
    await answers.getByLabel('by site').focus();
    await page.keyboard.press('Space');
    await answers.locator('[data-kind=frankfurt] dd', { hasText: /^1[,\d]+/ }).waitFor();
    t.is(await textOf(answers.locator('[data-kind=tokyo] dd')), '0', 'tokyo is down');
    const areas = await answers.locator('.chart path[class^="site-"]').count();
    t.is(areas, 6);

    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    t.is(overflow, 0, 'nothing is wider than the screen');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      t.deepEqual(await seriousFindings(page), [], colorScheme);
      await picture(page, `objectives-${name}-${colorScheme}`);
    }
    t.deepEqual(complaints, [], 'no request leaves the server');
  });
}

test.serial('by keyboard alone: to the button, through the dialog, and back', async (t) => {
  const { page } = await openPage(t, browser, server.url, { viewport: DESK });
  await page.getByRole('button', { name: 'Drain frankfurt' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('.shares').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.is(await page.evaluate<string>("document.activeElement.getAttribute('aria-label')"), 'Drain frankfurt');
  await page.keyboard.press('Enter');
  await page.locator('.shares').waitFor();
  await page.keyboard.type('power is going off');
  await page.keyboard.press('Tab');
  await page.keyboard.type('ann');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  t.like(server.given[0], { what: 'site:frankfurt', action: 'drain', reason: 'power is going off', author: 'ann', forSec: 7200 });
});

test.serial('what a safety rule forbids is said before it is tried, and cannot be sent', async (t) => {
  const broken = [{ rule: 'leastSites' as const, message: 'would leave 1 site serving, at least 2 must' }];
  server.world = { ...server.world, forecast: { ...server.world.forecast, broken } };
  const { page } = await openPage(t, browser, server.url, { viewport: DESK });
  await page.getByRole('button', { name: 'Drain frankfurt' }).click();
  await page.getByText('would leave 1 site serving, at least 2 must').waitFor();
  t.true(await page.getByRole('dialog').getByRole('button', { name: 'Drain frankfurt' }).isDisabled());
  t.deepEqual(server.given, []);
});

test.serial('events come by themselves; a stream that is lost shows, and comes back', async (t) => {
  const { page } = await openPage(t, browser, server.url, { viewport: DESK });
  await page.locator('[data-stream=open]').waitFor();
  server.world = { ...calmWorld(Date.now()), events: server.world.events };
  const happened = {
    kind: 'health',
    level: 'info',
    text: 'web/tokyo is up again',
    member: null,
    pool: null,
    site: null,
    change: null,
  } as const;
  server.tell({ ...happened, atMs: Date.now(), isUp: true });
  await page.locator('.event', { hasText: 'web/tokyo is up again' }).waitFor();
  await page.getByText('All is well: 10 of 10 members serve, at 6 sites.').waitFor();
  await server.goAway();
  await page.locator('.banner', { hasText: 'Connection lost' }).waitFor();
  t.is(await page.getByRole('button', { name: 'Drain frankfurt' }).count(), 0, 'nothing can be changed by what may be old');
  await page.locator('.concern', { hasText: 'All was well at' }).waitFor();
  t.deepEqual(await seriousFindings(page), []);
  await picture(page, 'stale');
  await server.comeBack();
  await page.locator('.banner').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Drain frankfurt' }).waitFor();
});

test.serial('a token is asked for, kept for the tab, and decides what may be done', async (t) => {
  const { token, hash } = newToken();
  server.tokens = [{ name: 'screen', role: 'viewer', sha256: hash.slice('sha256:'.length) }];
  const { page, complaints } = await openPage(t, browser, server.url, { viewport: PHONE });
  await page.getByLabel('Token').fill('mrd_wrong');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('the token is not known').waitFor();
  t.deepEqual(await seriousFindings(page), []);
  await picture(page, 'token');
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('screen (viewer)').waitFor();
  t.is(await page.getByRole('button', { name: /^Drain/ }).count(), 0, 'a viewer sees and changes nothing');
  t.deepEqual(await page.evaluate<unknown>('[localStorage.length, document.cookie]'), [0, '']);
  await page.reload();
  await page.getByText('screen (viewer)').waitFor();
  await page.getByRole('button', { name: 'Forget token' }).click();
  await page.getByLabel('Token').waitFor();
  t.deepEqual(complaints, []);
});
