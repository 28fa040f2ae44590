/**
 * Proof of flow and event topics in a real browser.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { expectAccessible } from './browser.ts';
import { eventTopics, slowFlow } from './flow-scenes.ts';
import { onThePage } from './page-fixture.ts';

onThePage('The flow on the page', fixture => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `SITE-${i + 1}`);
  const section = () => fixture.page.locator('.flow-section');
  const textOf = async (selector: string) =>
    (await fixture.page.locator(selector).innerText()).replaceAll(/\s+/g, ' ');

  async function open(width: number): Promise<void> {
    await fixture.serve();
    await fixture.visit(fixture.server.url, { viewport: { width, height: 900 } });
    await section().locator('table').nth(1).waitFor();
  }

  it('shows of each broker its heartbeat, its oldest undelivered change and its silent connections', async () => {
    fixture.world = slowFlow(['OSLO', 'PARIS', 'QUEBEC']);
    await open(1280);
    const rows = await section().locator('.figures-table tbody tr').allInnerTexts();
    const told = rows.map(row => row.replaceAll(/\s+/g, ' ').trim());
    expect(told[0]).to.match(/QUEBEC – 4 min ago 3 min 0$/);
    expect(told[1]).to.match(/PARIS 830 ms 4\d s ago [34]\d s 2$/);
    expect(told[2]).to.match(/OSLO 1.4 ms \d s ago none 0$/);
    expect(await textOf('.flow-section .total')).to.match(
      /^heartbeats come back from 1 of 3 brokers; slowest path OSLO → PARIS: 840 ms$/,
    );
    fixture.server.tell({ brokers: [fixture.world.setBroker('OSLO', { heartbeat: 77, silences: 5 })] });
    await eventually(async () => expect(await textOf('.flow-section')).to.match(/OSLO 77 ms .* 5 /));
    await section().getByRole('button', { name: 'OSLO', exact: true }).click();
    await fixture.page.locator('dialog[open]').getByText('5 connections carried nothing').waitFor();
    expect(fixture.complaints).to.deep.equal([]);
  });

  for (const { brokers, width, view } of [
    { brokers: 2, width: 1280, view: 'words' },
    { brokers: 2, width: 390, view: 'words' },
    { brokers: 12, width: 1280, view: 'matrix' },
    { brokers: 12, width: 390, view: 'one' },
    { brokers: 30, width: 1280, view: 'matrix' },
    { brokers: 30, width: 390, view: 'one' },
  ]) {
    it(`shows each path of ${brokers} brokers on ${width} pixels, and nothing is cut off`, async () => {
      fixture.world = slowFlow(names(brokers));
      await open(width);
      const others = brokers - 1;
      if (view === 'words') {
        expect(await textOf('.paths')).to.match(/SITE-1 → SITE-2 840 ms SITE-2 → SITE-1 2.6 ms/);
      } else if (view === 'matrix') {
        const cells = section().locator('.matrix tbody td:not(.self)');
        expect(await cells.count()).to.equal(brokers * others);
        expect(await cells.first().getAttribute('title')).to.match(/^SITE-1 → SITE-2: 840.ms$/);
        expect(await cells.last().getAttribute('title')).to.match(/is not connected$/);
      } else {
        const rows = section().locator('.paths tbody tr');
        expect(await rows.count()).to.equal(others);
        expect(await section().getByLabel('Paths of').first().inputValue()).to.equal('SITE-2');
        await section().locator('select').selectOption('SITE-3');
        await eventually(async () => expect(await textOf('.paths tbody')).to.match(/^SITE-1 35 ms 12 ms/));
      }
      const cut = await fixture.page.evaluate(
        `[document.documentElement, ...document.querySelectorAll('.flow-section .scroll, .flow-section td')]
          .filter(one => one.scrollWidth > one.clientWidth + 1)
          .map(one => one.className + ' ' + one.innerText.slice(0, 40) + ' ' + one.scrollWidth + ' > ' + one.clientWidth)`,
      );
      expect(cut).to.deep.equal([]);
      await expectAccessible(fixture.page, view);
    });
  }

  it('says that heartbeats are off', async () => {
    fixture.world = slowFlow(['OSLO', 'PARIS']);
    fixture.world.heartbeatPeriod = null;
    for (const name of ['OSLO', 'PARIS'])
      fixture.world.setBroker(name, { heartbeat: null, heartbeatAt: null, paths: {} });
    await open(1280);
    expect(await textOf('.flow-section .total')).to.equal('heartbeats are off (MQTTREP_HEARTBEAT)');
  });
});

onThePage('The event topics on the page', fixture => {
  const section = () => fixture.page.locator('.event-section');

  async function open(): Promise<void> {
    await fixture.serve();
    await fixture.visit(fixture.server.url);
    await fixture.page.locator('.flow-section').waitFor();
  }

  it('are not shown if no filter has them', async () => {
    fixture.world = fixture.worldOf({ lamp: 'off' });
    await open();
    expect(await section().count()).to.equal(0);
  });

  it('show of each broker what waits, its bytes, its age, and what was dropped by reason', async () => {
    fixture.world = eventTopics(['OSLO', 'PARIS', 'QUEBEC']);
    await open();
    const rows = (await section().locator('tbody tr').allInnerTexts()).map(row =>
      row.replaceAll(/\s+/g, ' '),
    );
    expect(rows[0]).to.match(/QUEBEC away 184,020 ?21.8 MB 25 min 2,400 expired, 3 too large 10,482 20,911/);
    expect(rows[1]).to.match(/OSLO flowing 0 – none 10,482 20,911/);
    expect(await section().locator('.total').innerText()).to.equal('184,020 events wait, 2,403 dropped');
    await section().getByRole('button', { name: 'QUEBEC', exact: true }).click();
    const dialog = fixture.page.locator('dialog[open]');
    await dialog.getByText(/184,020 events, 21.8.MB, the oldest for 25.min/).waitFor();
    await dialog.getByText('2,400 expired, 3 too large').waitFor();
    expect(fixture.complaints).to.deep.equal([]);
  });
});
