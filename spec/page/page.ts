/**
 * What the page shows, in a real browser.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { onThePage } from './page-fixture.ts';
import { agreeing, diverging, text } from './pretend-world.ts';

onThePage('The page', fixture => {
  it('shows at a glance whether the brokers have converged', async () => {
    await fixture.open({ 'canards/menu': 'oats', 'canards/door': 'open' });
    await fixture.expectText('.verdict h2', /^All is well$/);
    await fixture.expectText('.figures', /2\s+topics converged\s+0\s+diverging\s+3\s+brokers ready/);
    fixture.server.tell({ topics: { converged: 1, diverging: 1, blocked: 0, deleted: 0 } });
    await fixture.expectText('.figures', /1\s+topic converged\s+1\s+diverging/);
    await fixture.expectText('.verdict', /All is well[\s\S]*1 change in flight/);
    expect(fixture.complaints).to.deep.equal([]);
  });

  it('shows and announces that a broker is cut off, in words and by a mark, and that it is back', async () => {
    await fixture.open({ 'canards/menu': 'oats' });
    const ready = fixture.world.brokers[2];
    const cut = fixture.world.setBroker('QUEBEC', {
      state: 'unreachable',
      detail: 'ECONNREFUSED',
      pending: 2,
    });
    fixture.server.tell({ brokers: [cut] });
    await fixture.expectText('.verdict', /QUEBEC is unreachable[\s\S]*ECONNREFUSED/);
    expect(await fixture.card('QUEBEC').innerText()).to.match(/unreachable[\s\S]*ECONNREFUSED/);
    expect(await fixture.page.locator('.spoke .break').count()).to.equal(1);
    await eventually(
      async () =>
        expect(await fixture.page.locator('[aria-live=polite]').innerText()).to.equal(
          'QUEBEC is unreachable.',
        ),
      { within: 15_000 },
    );
    if (ready !== undefined) fixture.server.tell({ brokers: [ready] });
    await fixture.expectText('.verdict h2', /All is well/);
    expect(await fixture.page.locator('.spoke .break').count()).to.equal(0);
  });

  it('shows the first topic when it arrives, and one that arrives a moment later', async () => {
    await fixture.open({});
    await fixture.page.getByText('No topic so far.').waitFor();
    fixture.world.rows.push(...fixture.worldOf({ 'canards/menu': 'oats' }).rows);
    fixture.server.tell({ topics: fixture.world.counts() });
    await fixture.row('menu').waitFor();
    fixture.world.rows.push(...fixture.worldOf({ 'canards/pond': '4 °C' }).rows);
    fixture.server.tell({
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
    await fixture.row('pond').waitFor();
  });

  it('shows what each broker holds side by side, marks differences, and shows the details', async () => {
    await fixture.open({ 'canards/menu': 'oats' });
    await fixture.row('menu').waitFor();
    expect(await fixture.row('menu').locator('.differs').count()).to.equal(0);
    fixture.world.change('canards/menu', {
      state: 'diverging',
      winner: text('peas'),
      held: { OSLO: agreeing('peas'), PARIS: agreeing('peas'), QUEBEC: diverging('oats') },
    });
    const winner = { broker: 'PARIS', value: text('peas') };
    const loser = { broker: 'QUEBEC', value: text('oats') };
    fixture.world.conflicts = [
      { at: Date.now(), topic: 'canards/menu', winner, loser, decidedBy: 'arrival' },
    ];
    fixture.server.tell({ topics: fixture.world.counts(), conflicts: fixture.world.conflicts });
    await eventually(async () =>
      expect(await fixture.row('menu').locator('.held').allTextContents()).to.deep.equal([
        'peas',
        'peas',
        '≠differs: oats',
      ]),
    );
    await fixture.expectText('.conflicts', /canards\/menu\s*peas PARIS won over oats QUEBEC\s*by arrival/);
    await fixture.row('menu').click();
    await fixture.expectText(
      '.panel',
      /canards\/menu[\s\S]*diverging[\s\S]*peas[\s\S]*QUEBEC\s*≠ differs[\s\S]*oats/,
    );
    await fixture.expectText('.panel .held-list', /OSLO, PARIS in sync/);
  });

  it('shows topics and values as text, whatever they contain', async () => {
    const bait = '<img src=x onerror=alert(1)>';
    await fixture.open({
      [bait]: '<script>alert(2)</script>',
      __proto__x: 'constructor',
      '//': 'empty levels',
    });
    fixture.world.conflicts = [
      {
        at: Date.now(),
        topic: bait,
        winner: { broker: bait, value: text(bait) },
        loser: { broker: '', value: { kind: 'deleted' } },
        decidedBy: bait,
      },
    ];
    fixture.server.tell({
      conflicts: fixture.world.conflicts,
      brokers: [{ ...fixture.world.setBroker('OSLO', {}), detail: bait }],
    });
    await fixture.row(bait).click();
    await fixture.expectText('.panel', /<script>alert\(2\)<\/script>/);
    await fixture.expectText('.conflicts', /<img src=x/);
    expect(await fixture.page.locator('main img, main script').count()).to.equal(0);
    expect(fixture.complaints).to.deep.equal([]);
  });

  it('stays fast with 100,000 topics: requests and draws visible rows only', async () => {
    const topics: Record<string, string> = {};
    for (let i = 0; i < 100_000; i++) topics[`meters/m${String(i).padStart(6, '0')}`] = `${i % 311} W`;
    await fixture.open(topics);
    await fixture.expectText('.figures', /100,000\s+topics converged/);
    await fixture.row('m000000').waitFor();
    const rows = fixture.page.locator('.grid tbody tr');
    expect(await rows.count()).to.be.below(60);
    const grid = fixture.page.locator('.grid');
    for (let turn = 0; turn < 6; turn++) {
      const before = await grid.evaluate(element => element.scrollHeight);
      await grid.evaluate(element => element.scrollTo(0, element.scrollHeight));
      await eventually(async () =>
        expect(await grid.evaluate(element => element.scrollHeight)).to.be.above(before),
      );
    }
    expect(await rows.count()).to.be.below(60);
    const limits = fixture.server.requests.map(request =>
      new URL(request, fixture.server.url).searchParams.get('limit'),
    );
    expect(limits.filter(limit => limit !== null && Number(limit) > 100)).to.deep.equal([]);

    await fixture.page.getByRole('searchbox').fill('m09999');
    await fixture.expectText('.topics > header .total', /10 found/);
    await fixture.row('meters/m099999').waitFor();
    await fixture.page.getByRole('checkbox').check();
    await fixture.page.getByText('No matching topic is diverging.').waitFor();
  });

  it('shows that mqttrep does not answer, keeps the last status, and reconnects by itself', async () => {
    await fixture.open({ 'canards/menu': 'oats' });
    const { port } = fixture.server;
    await fixture.server.stop();
    await fixture.expectText('.verdict', /mqttrep does not answer\s+for \d+\ss/);
    await fixture.expectText('.verdict', /mqttrep status/);
    await fixture.expectText('.masthead', /not connected/);
    await eventually(async () => expect(await fixture.page.title()).to.equal('no answer · mqttrep'));
    await fixture.expectText('.figures', /1\s+topic converged/);
    await fixture.serve({ port });
    await eventually(
      async () => expect(await fixture.page.locator('.verdict h2').innerText()).to.equal('All is well'),
      { within: 20_000 },
    );
    await eventually(async () => expect(await fixture.page.title()).to.equal('all well · mqttrep'));
    await fixture.expectText('.masthead', /live/);
  });
});
