/**
 * The page in a real browser, with a server whose answers the spec sets.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { expectAccessible, openPage, startBrowser, type Watched } from './browser.ts';
import { PretendServer } from './pretend-server.ts';
import { agreeing, diverging, PretendWorld, text } from './pretend-world.ts';

const BROKERS = ['OSLO', 'PARIS', 'QUEBEC'];

describe('The page', function () {
  this.timeout(90_000);

  let browser: Browser;
  let server: PretendServer;
  let world: PretendWorld;
  let watched: Watched;
  let page: Page;

  before(async () => {
    browser = await startBrowser();
  });

  after(() => browser?.close());

  afterEach(async () => {
    await watched?.page.context().close();
    await server?.stop();
  });

  async function open(
    topics: Readonly<Record<string, string>>,
    options: Parameters<typeof openPage>[2] = {},
  ): Promise<void> {
    world = new PretendWorld(BROKERS, topics);
    server = await PretendServer.start(world);
    watched = await openPage(browser, server.url, options);
    page = watched.page;
    await page.locator('.verdict .figures').waitFor();
  }

  const row = (name: string) =>
    page.locator('.grid tbody tr').filter({ has: page.getByText(name, { exact: true }) });
  const card = (name: string) => page.locator('.broker').filter({ hasText: name });

  /** In what it has and in its accessible name. */
  async function expectText(selector: string, pattern: RegExp): Promise<void> {
    await eventually(async () => expect(await page.locator(selector).innerText()).to.match(pattern));
  }

  it('shows at a glance whether the brokers have converged', async () => {
    await open({ 'canards/menu': 'oats', 'canards/door': 'open' });
    await expectText('.verdict h2', /^All is well$/);
    await expectText('.figures', /2\s+topics converged\s+0\s+diverging\s+3\s+brokers ready/);
    server.tell({ topics: { converged: 1, diverging: 1, blocked: 0, deleted: 0 } });
    await expectText('.figures', /1\s+topic converged\s+1\s+diverging/);
    await expectText('.verdict', /All is well[\s\S]*1 change in flight/);
    expect(watched.complaints).to.deep.equal([]);
  });

  it('shows and announces that a broker is cut off, in words and by a mark, and that it is back', async () => {
    await open({ 'canards/menu': 'oats' });
    const ready = world.brokers[2];
    const cut = world.setBroker('QUEBEC', { state: 'unreachable', detail: 'ECONNREFUSED', pending: 2 });
    server.tell({ brokers: [cut] });
    await expectText('.verdict', /QUEBEC is unreachable[\s\S]*ECONNREFUSED/);
    expect(await card('QUEBEC').innerText()).to.match(/unreachable[\s\S]*ECONNREFUSED/);
    expect(await page.locator('.spoke .break').count()).to.equal(1);
    await eventually(
      async () =>
        expect(await page.locator('[aria-live=polite]').innerText()).to.equal('QUEBEC is unreachable.'),
      { within: 15_000 },
    );
    if (ready !== undefined) server.tell({ brokers: [ready] });
    await expectText('.verdict h2', /All is well/);
    expect(await page.locator('.spoke .break').count()).to.equal(0);
  });

  it('shows the first topic when it arrives, and one that arrives a moment later', async () => {
    await open({});
    await page.getByText('No topic so far.').waitFor();
    world.rows.push(...new PretendWorld(BROKERS, { 'canards/menu': 'oats' }).rows);
    server.tell({ topics: world.counts() });
    await row('menu').waitFor();
    world.rows.push(...new PretendWorld(BROKERS, { 'canards/pond': '4 °C' }).rows);
    server.tell({
      rates: [
        {
          at: Date.now(),
          seconds: 5,
          received: {},
          published: {},
          converged: { count: 0, median: null, p95: null },
        },
      ],
    });
    await row('pond').waitFor();
  });

  it('shows what each broker holds side by side, marks differences, and shows the details', async () => {
    await open({ 'canards/menu': 'oats' });
    await row('menu').waitFor();
    expect(await row('menu').locator('.differs').count()).to.equal(0);
    world.change('canards/menu', {
      state: 'diverging',
      winner: text('peas'),
      held: { OSLO: agreeing('peas'), PARIS: agreeing('peas'), QUEBEC: diverging('oats') },
    });
    const winner = { broker: 'PARIS', value: text('peas') };
    const loser = { broker: 'QUEBEC', value: text('oats') };
    world.conflicts = [{ at: Date.now(), topic: 'canards/menu', winner, loser, decidedBy: 'arrival' }];
    server.tell({ topics: world.counts(), conflicts: world.conflicts });
    await eventually(async () =>
      expect(await row('menu').locator('.held').allTextContents()).to.deep.equal([
        'peas',
        'peas',
        '≠differs: oats',
      ]),
    );
    await expectText('.conflicts', /canards\/menu\s*peas PARIS won over oats QUEBEC\s*by arrival/);
    await row('menu').click();
    await expectText(
      '.panel',
      /canards\/menu[\s\S]*diverging[\s\S]*peas[\s\S]*QUEBEC\s*≠ differs[\s\S]*oats/,
    );
    await expectText('.panel .held-list', /OSLO, PARIS in sync/);
  });

  it('shows topics and values as text, whatever they contain', async () => {
    const bait = '<img src=x onerror=alert(1)>';
    await open({ [bait]: '<script>alert(2)</script>', __proto__x: 'constructor', '//': 'empty levels' });
    world.conflicts = [
      {
        at: Date.now(),
        topic: bait,
        winner: { broker: bait, value: text(bait) },
        loser: { broker: '', value: { kind: 'deleted' } },
        decidedBy: bait,
      },
    ];
    server.tell({ conflicts: world.conflicts, brokers: [{ ...world.setBroker('OSLO', {}), detail: bait }] });
    await row(bait).click();
    await expectText('.panel', /<script>alert\(2\)<\/script>/);
    await expectText('.conflicts', /<img src=x/);
    expect(await page.locator('main img, main script').count()).to.equal(0);
    expect(watched.complaints).to.deep.equal([]);
  });

  it('stays fast with 100,000 topics: requests and draws visible rows only', async () => {
    const topics: Record<string, string> = {};
    for (let i = 0; i < 100_000; i++) topics[`meters/m${String(i).padStart(6, '0')}`] = `${i % 311} W`;
    await open(topics);
    await expectText('.figures', /100,000\s+topics converged/);
    await row('m000000').waitFor();
    const rows = page.locator('.grid tbody tr');
    expect(await rows.count()).to.be.below(60);
    const grid = page.locator('.grid');
    for (let turn = 0; turn < 6; turn++) {
      const before = await grid.evaluate(element => element.scrollHeight);
      await grid.evaluate(element => element.scrollTo(0, element.scrollHeight));
      await eventually(async () =>
        expect(await grid.evaluate(element => element.scrollHeight)).to.be.above(before),
      );
    }
    expect(await rows.count()).to.be.below(60);
    const limits = server.requests.map(request => new URL(request, server.url).searchParams.get('limit'));
    expect(limits.filter(limit => limit !== null && Number(limit) > 100)).to.deep.equal([]);

    await page.getByRole('searchbox').fill('m09999');
    await expectText('.topics > header .total', /10 found/);
    await row('meters/m099999').waitFor();
    await page.getByRole('checkbox').check();
    await page.getByText('No matching topic is diverging.').waitFor();
  });

  it('can be used by the keyboard alone', async () => {
    await open({ 'canards/menu': 'oats', 'canards/door': 'open', lamp: 'off' });
    await row('canards/').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page), 'the first stop').to.equal('Skip to the topics');
    await page.keyboard.press('Enter');
    for (const stop of ['searchbox', 'checkbox', 'row']) {
      await page.keyboard.press('Tab');
      expect(
        await page.evaluate('document.activeElement.closest("tr") ? "row" : document.activeElement.type'),
      ).to.equal(stop === 'searchbox' ? 'search' : stop);
    }
    await page.keyboard.press('ArrowLeft');
    await eventually(async () => expect(await row('door').count()).to.equal(0));
    await page.keyboard.press('ArrowRight');
    await row('door').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).to.match(/menu/);
    await page.keyboard.press('Enter');
    await expectText('.panel', /canards\/menu/);
    expect(await focused(page), 'the details have the focus').to.equal('canards/menu');
    world.rows.splice(
      world.rows.findIndex(({ topic }) => topic === 'canards/door'),
      1,
    );
    server.tell({ topics: world.counts() });
    await eventually(async () => expect(await row('door').count()).to.equal(0));
    await page.keyboard.press('Escape');
    expect(await page.locator('.panel').count()).to.equal(0);
    expect(await focused(page), 'and give it back').to.match(/menu/);
    world.rows.splice(
      world.rows.findIndex(({ topic }) => topic === 'canards/menu'),
      1,
    );
    server.tell({ topics: world.counts() });
    await eventually(async () => expect(await focused(page), 'a row that has gone').to.match(/lamp\toff/));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    expect(await focused(page)).to.match(/lamp\toff/);
  });

  it('shows that mqttrep does not answer, keeps the last status, and reconnects by itself', async () => {
    await open({ 'canards/menu': 'oats' });
    const { port } = server;
    await server.stop();
    await expectText('.verdict', /mqttrep does not answer\s+for \d+\ss/);
    await expectText('.verdict', /mqttrep status/);
    await expectText('.masthead', /not connected/);
    expect(await page.title()).to.equal('no answer · mqttrep');
    await expectText('.figures', /1\s+topic converged/);
    server = await PretendServer.start(world, { port });
    await eventually(
      async () => expect(await page.locator('.verdict h2').innerText()).to.equal('All is well'),
      { within: 20_000 },
    );
    expect(await page.title()).to.equal('all well · mqttrep');
    await expectText('.masthead', /live/);
  });

  it('asks for a token if the server requires one, and removes it from the address', async () => {
    world = new PretendWorld(BROKERS, { 'canards/menu': 'oats' });
    server = await PretendServer.start(world, { token: 's3same-open' });
    watched = await openPage(browser, server.url);
    page = watched.page;
    await expectAccessible(page, 'the form');
    expect(await page.title()).to.equal('token needed · mqttrep');
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('The token is wrong.').waitFor();
    await page.getByLabel('Token').fill('s3same-open');
    await page.getByRole('button').click();
    await expectText('.figures', /1\s+topic converged/);
    await page.context().close();

    watched = await openPage(browser, `${server.url}/#token=s3same-open`);
    page = watched.page;
    await expectText('.figures', /1\s+topic converged/);
    expect(page.url()).to.equal(`${server.url}/`);
  });

  it('asks for confirmation before it deletes or restores held topics', async () => {
    await open({ 'canards/menu': 'oats' });
    expect(await page.getByRole('button', { name: 'Delete everywhere' }).count()).to.equal(0);
    server.tell({ brokers: [world.setBroker('PARIS', { deletionsHeld: 300 })] });
    const verdict = page.locator('.verdict');
    const press = (name: string) => verdict.getByRole('button', { name, exact: true }).click();
    const posts = () => server.requests.filter(request => request.startsWith('POST'));
    await press('Delete everywhere');
    expect(await verdict.innerText()).to.contain('Delete 300 topics at all brokers?');
    await press('No');
    await press('Delete everywhere');
    expect(posts()).to.deep.equal([]);
    await press('Yes');
    await press('Restore');
    expect(await verdict.innerText()).to.contain('Publish 300 topics to PARIS again?');
    await press('Yes');
    await eventually(() =>
      expect(posts()).to.deep.equal([
        'POST /api/v1/brokers/PARIS/deletions/confirm',
        'POST /api/v1/brokers/PARIS/deletions/refuse',
      ]),
    );
    expect(watched.complaints).to.deep.equal([]);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1360, 390]) {
      it(`passes all rules of axe, ${colorScheme}, ${width} pixels wide`, async () => {
        await open(
          { 'canards/menu': 'oats', 'canards/door': 'open', lamp: 'off', ducks: '12' },
          { colorScheme, viewport: { width, height: 900 } },
        );
        await expectAccessible(page, 'all well');
        world.change('canards/menu', {
          state: 'diverging',
          held: { OSLO: agreeing('peas'), PARIS: agreeing('peas'), QUEBEC: diverging('oats') },
        });
        world.change('lamp', { state: 'blocked', held: { OSLO: agreeing('off'), QUEBEC: diverging('on') } });
        world.change('ducks', { state: 'deleted', winner: { kind: 'deleted' } });
        const side = { broker: 'OSLO', value: text('oats') };
        world.conflicts = [
          { at: Date.now(), topic: 'canards/menu', winner: side, loser: side, decidedBy: 'arrival' },
        ];
        const brokers = [
          world.setBroker('QUEBEC', { state: 'unreachable', detail: 'ECONNREFUSED', dropped: { large: 1 } }),
          world.setBroker('PARIS', { state: 'replaying', deletionsHeld: 300 }),
        ];
        server.tell({ topics: world.counts(), conflicts: world.conflicts, brokers });
        await row('menu').click();
        await expectText('.panel', /diverging/);
        await expectAccessible(page, 'all kinds of trouble');
        await server.stop();
        await page.getByText('mqttrep does not answer').first().waitFor();
        await expectAccessible(page, 'mqttrep gone');
      });
    }
  }
});

/** The text of the element with the focus; empty if the body has it. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    'document.activeElement === document.body ? "" : document.activeElement.innerText.trim()',
  );
}
