/**
 * The headless Chromium of the system: no browser is downloaded. The variable CHROMIUM names another executable than that of
 * Debian.
 */

import axe, { type AxeResults } from 'axe-core';
import { expect } from 'chai';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Chromium must request nothing but the page under test. */
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

/** A page, with its errors and its requests to other hosts. */
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
    // A test stops the server on purpose, so failed connections are no complaint.
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

/** Has axe check the page by all its rules. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // During a transition the colours are not final.
  await page.evaluate('document.getAnimations().forEach(animation => animation.cancel())');
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  const told = violations.map(
    ({ id, nodes }) => `${id}, ${nodes.length} times, such as ${nodes[0]?.html} ${nodes[0]?.failureSummary}`,
  );
  expect(told, what).to.deep.equal([]);
}
