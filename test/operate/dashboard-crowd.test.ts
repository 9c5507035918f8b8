// The dashboard of a large installation in a browser: a hundred sites, many of them near one another, twelve hundred members, fifty
// policies, every name as long as it may be. What fits, what a page holds, and what changes when little does.

import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { openPage, picture, seriousFindings, startBrowser } from '../support/browser.ts';
import { crowdWorld, longName } from '../support/dashboard-crowd.ts';
import { type DashboardServer, startDashboardServer } from '../support/dashboard-server.ts';

const NARROW = { width: 360, height: 740 };
const DESK = { width: 1440, height: 900 };
/** Elements of the page: the countries are 180, a row of the pools has ten. Without bounds there were 5700 here, and no end. */
const MOST_ELEMENTS = 3000;

let browser: Browser;
let server: DashboardServer;
test.before(async () => {
  browser = await startBrowser();
  server = await startDashboardServer(crowdWorld(Date.now(), true));
});
test.after.always(async () => {
  await browser?.close();
  await server?.stop();
});
test.beforeEach(() => {
  server.world = crowdWorld(Date.now(), true);
});

async function openCrowd(t: Parameters<typeof openPage>[0], viewport: typeof DESK): Promise<Page> {
  const { page } = await openPage(t, browser, server.url, { viewport });
  await page.locator('path[data-code=FR][class*=site-]').waitFor();
  await page.locator('.event').first().waitFor();
  await page.locator('.marker').first().waitFor();
  return page;
}

const elements = (page: Page): Promise<number> => page.evaluate<number>("document.querySelectorAll('*').length");

/** Boxes that what they hold sticks out of, and text that is wider than the screen; what scrolls, and what is hidden, does not count. */
const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const width = document.documentElement.clientWidth;
    const hidden = '.hidden, thead, .segments input, [aria-hidden=true], .marker-text *';
    return [document.documentElement, ...document.body.querySelectorAll('*')].filter((box) => {
      if (box instanceof SVGElement || box.closest(hidden) !== null) return false;
      const { right, left, width: own } = box.getBoundingClientRect();
      if (own === 0) return false;
      if (right > width + 1 || left < -1) return true;
      const style = getComputedStyle(box);
      const isBox = style.display !== 'inline' && style.overflowX === 'visible' && !box.matches('.marker, .markers');
      return isBox && box.scrollWidth > box.clientWidth + 1;
    }).map((box) => box.tagName + '.' + box.className + ': ' + box.textContent.slice(0, 80));
  })()`);

for (const [name, viewport] of [
  ['in a narrow window', NARROW],
  ['on a desk', DESK],
] as const) {
  test.serial(
    `${name}, a hundred sites with the longest names: nothing sticks out of its box, by day and in the dark`,
    async (t) => {
      const page = await openCrowd(t, viewport);
      await page.locator('.marker-cluster').first().click();
      await page.locator('.near').waitFor();
      await page.locator('.members .fold').first().click();
      await page.locator('.member-detail').waitFor();
      await page.getByText('The map as a list').click();
      await page.locator('.served dd').first().waitFor();
      await page.locator('#answers').getByLabel('by site').focus();
      await page.keyboard.press('Space');
      await page.locator('[data-kind="all others"]').waitFor();
      t.deepEqual(await overflowing(page), []);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        t.deepEqual(await seriousFindings(page), [], colorScheme);
        await picture(page, `crowd-${viewport.width}-${colorScheme}`);
      }
    },
  );
}

test.serial('the page holds a bounded number of elements, and tells the worst first', async (t) => {
  const page = await openCrowd(t, DESK);
  const count = await elements(page);
  t.true(count < MOST_ELEMENTS, `${count} elements`);
  const sites = await page.locator('.site-row .name').allInnerTexts();
  t.is(sites.length, 12);
  t.deepEqual(
    sites.slice(0, 10).sort(),
    Array.from({ length: 10 }, (_, i) => longName('site', 10 * i + 3)),
  );
  await page.getByText(`10 sites down: ${longName('site', 3)}`).waitFor();
  await page.getByRole('button', { name: '88 more sites' }).click();
  await page.getByRole('button', { name: '38 more sites' }).waitFor();
});

test.serial('a site is found by a part of its name, whatever the order; members by name and by address', async (t) => {
  const page = await openCrowd(t, DESK);
  await page.getByLabel('Find a site').fill('XX042');
  await page.locator('.site-row').nth(1).waitFor({ state: 'detached' });
  t.deepEqual(await page.locator('.site-row .name').allInnerTexts(), [longName('site', 42)]);
  await page.getByLabel('Find a site').fill('');
  await page.locator('.find-row select').selectOption('load');
  await page.locator('.site-row:first-child .name', { hasText: longName('site', 50) }).waitFor();
  await page.getByLabel(/^Find members/).fill(`${longName('pool', 2)} f0c9`);
  await page.locator('.pool').nth(1).waitFor({ state: 'detached' });
  t.deepEqual(await page.locator('.members [data-member] .name').allInnerTexts(), [longName('member', 25)]);
});

test.serial('sites that lie near one another are one mark that lists them, and each can be chosen there', async (t) => {
  const page = await openCrowd(t, DESK);
  const near = page.locator('.marker-cluster', { hasText: /^\d\d/ }).first();
  await near.click();
  const listed = page.locator('.near button');
  await listed.first().waitFor();
  const count = await listed.count();
  t.is(count, Number.parseInt((await near.textContent())!, 10));
  await listed.last().click();
  await page.locator('.map-readout', { hasText: / serves / }).waitFor();
  await page.locator('.near button[aria-pressed=true]').waitFor();
  const boxes = await page.evaluate<[number, number][]>(
    "[...document.querySelectorAll('.marker')].map(({ offsetLeft, offsetTop }) => [offsetLeft, offsetTop])",
  );
  const isHidden = boxes.some(([x, y], i) => boxes.slice(0, i).some(([left, top]) => Math.hypot(left - x, top - y) < 14));
  t.false(isHidden, 'no mark lies on another one');
});

test.serial('what has not changed is not made anew: one member that turns changes a few places of the page', async (t) => {
  server.world = crowdWorld(Date.now(), false);
  const page = await openCrowd(t, DESK);
  await page.getByText(/^All is well: 1200 of 1200 members serve/).waitFor();
  await page.evaluate(`(() => {
    globalThis.made = 0;
    globalThis.changed = 0;
    new MutationObserver((all) => {
      for (const { type, addedNodes } of all) {
        changed++;
        for (const node of addedNodes) made += node.nodeType === 1 ? 1 + node.querySelectorAll('*').length : 0;
      }
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  })()`);
  const down = crowdWorld(Date.now(), true).members.find(({ isServing }) => !isServing)!;
  const members = server.world.members.map((member) => (member.id === down.id ? down : member));
  server.world = { ...server.world, members };
  const told = { kind: 'health', level: 'error', member: down.id, pool: down.pool, site: down.site, change: null } as const;
  server.tell({ ...told, atMs: Date.now(), text: 'one is down', isUp: false });
  await page.locator('.event', { hasText: 'one is down' }).waitFor();
  await page.locator(`[data-member="${down.id}"]`, { hasText: 'seen down' }).waitFor();
  await page.locator('.concern', { hasText: '1 member of 12 down' }).waitFor();
  const [made, changed] = await page.evaluate<[number, number]>('[made, changed]');
  t.true(made < 120, `${made} elements were made`);
  t.true(changed < 400, `${changed} changes of the document`);
});
