/**
 * A headless Chromium, that of the system: no browser is downloaded. Where it is depends on the machine:
 * CHROMIUM names another one than Debian's.
 */

import axe, { type AxeResults } from 'axe-core';
import { expect } from 'chai';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Nothing but the page under test is to be asked for. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS, timeout: 60_000 });
}

/** What a page complained of, and what it asked other hosts for. */
export interface Watched {
  readonly page: Page;
  readonly complaints: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', error => complaints.push(`error: ${error.message}`));
  page.on('dialog', dialog => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', message => {
    // That a server which was stopped cannot be reached is what such a test is about.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource')) {
      complaints.push(`console: ${message.text()}`);
    }
  });
  page.on('request', request => {
    const target = request.url();
    if (!target.startsWith(new URL(url).origin) && !target.startsWith('data:')) {
      complaints.push(`request: ${target}`);
    }
  });
  await page.goto(url);
  return { page, complaints };
}

/** Has axe look at the page as it is, by all its rules. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // A transition that is under way has colours that nobody reads.
  await page.evaluate('document.getAnimations().forEach(animation => animation.cancel())');
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  const told = violations.map(
    ({ id, nodes }) => `${id}, ${nodes.length} times, such as ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
  );
  expect(told, what).to.deep.equal([]);
}
