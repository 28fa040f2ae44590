/**
 * The page with a real server: `mqttrep demo` runs, the link of one broker is cut and healed, and the page shows it.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { type MqttrepProcess, startMqttrep } from '../support/mqttrep-process.ts';
import { expectAccessible, openPage, startBrowser, type Watched } from './browser.ts';

/** The link is cut once in each round of 20 s. A busy machine may miss the first round. */
const rounds = { within: 60_000 };

describe('The page of mqttrep demo', function () {
  this.timeout(240_000);

  let browser: Browser;
  let demo: MqttrepProcess;
  let watched: Watched;
  let page: Page;

  before(async () => {
    browser = await startBrowser();
    demo = startMqttrep({}, ['demo']);
    const line = await demo.line(/in a browser: http/, 30_000);
    watched = await openPage(browser, /http\S+/.exec(line)?.[0] ?? '');
    page = watched.page;
  });

  after(async () => {
    await demo?.stop();
    await browser?.close();
  });

  async function shown(): Promise<{
    figures: string;
    brokers: string;
    diverging: string[];
    columns: string[];
  }> {
    return page.evaluate(`({
      figures: document.querySelector('.figures')?.innerText.replace(/\\s+/g, ' ') ?? '',
      brokers: document.querySelector('.verdict .news')?.innerText ?? '',
      diverging: [...document.querySelectorAll('td.held.differs')].map(cell => cell.textContent),
      columns: [...document.querySelectorAll('td.held.differs')].map(cell =>
        document.querySelectorAll('.grid th')[cell.cellIndex].textContent),
    })`);
  }

  it('begins with all brokers connected and converged', async () => {
    await eventually(async () => {
      const { brokers, figures } = await shown();
      expect(brokers).to.contain('All is well');
      expect(figures).to.match(/^[1-9]\d* topics? converged 0 diverging 3 brokers ready/);
    }, rounds);
  });

  it('shows the cut broker, the diverging topics, and the brokers whose values differ', async () => {
    await eventually(async () => {
      const { brokers, figures, diverging, columns } = await shown();
      expect(brokers).to.match(/QUEBEC is (unreachable|connecting)/);
      expect(figures).to.match(/[1-9]\d* diverging 2 of 3 brokers ready/);
      expect(diverging.length, 'differing values').to.be.above(0);
      expect(new Set(columns), 'only there').to.deep.equal(new Set(['QUEBEC']));
    }, rounds);
  });

  it('shows that the link is healed, and the winner of the conflict', async () => {
    await eventually(async () => {
      const { brokers, figures, diverging } = await shown();
      expect(brokers).to.contain('All is well');
      expect(figures).to.match(/^\d+ topics converged 0 diverging 3 brokers ready/);
      expect(diverging).to.deep.equal([]);
    }, rounds);
    await eventually(
      async () =>
        expect(await page.locator('.conflicts').innerText()).to.match(
          /canards\/menu\s+\w+ QUEBEC won over \w+ PARIS\s+by arrival/,
        ),
      rounds,
    );
  });

  it('shows the details of a topic', async () => {
    await page.getByRole('button', { name: 'canards/menu' }).first().click();
    await eventually(async () =>
      expect(await page.locator('.panel').innerText()).to.match(
        /canards\/menu[\s\S]*written at[\s\S]*OSLO, PARIS, QUEBEC in sync/,
      ),
    );
    await page.getByRole('searchbox').fill('canards/+/ducks');
    await eventually(async () =>
      expect(await page.locator('.grid .label').allTextContents()).to.deep.equal([
        'canards/oslo/ducks',
        'canards/paris/ducks',
        'canards/quebec/ducks',
      ]),
    );
  });

  it('passes all rules of axe, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectAccessible(page, colorScheme);
    }
  });

  it('sends no request to another host, breaks no rule of the policy, and shows that the demo has ended', async () => {
    await demo.stop('SIGINT');
    await page.getByText('mqttrep does not answer', { exact: true }).waitFor();
    expect(watched.complaints).to.deep.equal([]);
  });
});
