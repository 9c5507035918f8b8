// Debian's Chromium without a window, for tests of pages. Whatever a page complains of, asks of another server, or throws, is
// kept and fails the test that looks at it.

import { mkdirSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ROOT } from './paths.ts';
import { PATIENCE_MS } from './patience.ts';

/** Screenshots of the last run: for people, not compared with anything. */
export const SCREENSHOTS: string = `${ROOT}var/screenshots/`;

/** For what the page should come to show: shorter than for a program to start, since a test waits for many such things. */
const PAGE_PATIENCE_MS = 120_000;

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: EXECUTABLE,
    timeout: PATIENCE_MS,
    // Its sandbox needs rights that containers and root do not have; it sees nothing but our own page.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-proxy-server'],
  });

export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts, of the console (a breach of the Content-Security-Policy is one), and requests to other servers. */
  readonly complaints: string[];
}

/** Opens `url`; closed when the test ends. Failed requests are no complaint: some tests take the server away. */
export async function openPage(
  t: ExecutionContext,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  t.teardown(() => context.close());
  context.setDefaultTimeout(PAGE_PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) complaints.push(`console: ${text}`);
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** What axe-core finds on the page as it is now: rules of WCAG 2.2 A and AA and good practice, serious or worse. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const found = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return found.violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map(({ html }) => html) }));
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, where }) => `${impact} ${id}: ${where.join(' | ')}`);
}

/** Keeps a picture of the whole page. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, fullPage: true });
}
