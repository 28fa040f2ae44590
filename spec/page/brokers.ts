/**
 * What the page tells of brokers in a real browser: the verdict in the tab, the details of a broker, and actions.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import { favicon } from '../../lib/status/page/model/favicon.ts';
import { eventually } from '../support/eventually.ts';
import { expectAccessible } from './browser.ts';
import { onThePage } from './page-fixture.ts';
import type { PretendOptions } from './pretend-server.ts';

const REFUSAL = { topic: 'lamp', reason: 'not authorized (reason code 135)', since: Date.now() - 60_000 };

onThePage('The brokers on the page', fixture => {
  beforeEach(() => {
    fixture.world = fixture.worldOf({ lamp: 'off', 'canards/menu': 'oats' });
  });

  async function open(options: PretendOptions = {}, path = '/'): Promise<void> {
    await fixture.serve(options);
    await fixture.visit(`${fixture.server.url}${path}`);
    await fixture.page.locator('.verdict h2').waitFor();
  }

  const dialog = () => fixture.page.locator('dialog[open]');
  const posts = () => fixture.server.requests.filter(request => request.startsWith('POST'));
  const openDetails = (name: string) =>
    fixture.page.locator('.broker').getByRole('button', { name, exact: true }).click();
  const icon = () => fixture.page.locator('link[rel="icon"]').getAttribute('href');

  /** A refuses a topic from now on. */
  function refuse(name: string): void {
    fixture.server.tell({
      brokers: [fixture.world.setBroker(name, { blocked: 1, behind: 1, refusal: REFUSAL })],
    });
  }

  it('show the same verdict as headline, as title and as icon of the tab, the worst first', async () => {
    await open();
    await eventually(async () => expect(await fixture.page.title()).to.equal('all well · mqttrep'));
    expect(await icon()).to.equal(favicon('good'));
    fixture.server.tell({ brokers: [fixture.world.setBroker('OSLO', { state: 'paused' })] });
    await eventually(async () => expect(await fixture.page.title()).to.equal('OSLO paused · mqttrep'));
    expect(await icon()).to.equal(favicon('busy'));
    refuse('PARIS');
    await eventually(async () =>
      expect(await fixture.page.title()).to.equal('PARIS refuses 1 topic · mqttrep'),
    );
    expect(await icon()).to.equal(favicon('bad'));
    expect(await fixture.page.locator('.verdict .others').innerText()).to.contain('OSLO is paused');
    const down = fixture.world.setBroker('QUEBEC', { state: 'unreachable', detail: 'ECONNREFUSED' });
    fixture.server.tell({ brokers: [down] });
    await eventually(async () =>
      expect(await fixture.page.title()).to.equal('QUEBEC is unreachable · mqttrep'),
    );
    expect(await fixture.page.locator('.verdict h2').innerText()).to.equal('QUEBEC is unreachable');
    expect(fixture.complaints).to.deep.equal([]);
  });

  it('are never green if they refuse topics', async () => {
    await open();
    const card = fixture.page.locator('.broker').filter({ hasText: 'PARIS' });
    expect(await card.getAttribute('class')).to.contain('good');
    refuse('PARIS');
    await eventually(async () => expect(await card.getAttribute('class')).to.contain('bad'));
    expect(await card.locator('.good').count()).to.equal(0);
    expect(await card.innerText()).to.match(/refuses 1 topic[\s\S]*not authorized \(reason code 135\)/);
  });

  it('show their details on a click: address, version, limits, filters, problems and topics', async () => {
    fixture.world.setBroker('PARIS', {
      blocked: 1,
      behind: 2,
      refusal: REFUSAL,
      maxRate: 45,
      maxBytesPerSecond: 240_000,
    });
    fixture.world.details('PARIS', {
      refused: [{ ...REFUSAL, retryAt: Date.now() + 60_000 }],
      lagging: [{ topic: 'canards/menu', since: Date.now() - 20_000, cause: 'in flight' }],
      problems: [{ at: Date.now() - 5_000, level: 'warn', text: 'connection lost (read ECONNRESET)' }],
    });
    await open();
    await openDetails('PARIS');
    await dialog().locator('.facts').first().waitFor();
    const text = await dialog().innerText();
    for (const part of [
      /PARIS\s+refuses 1 topic/,
      /Refuses 1 topic\s+lamp\s+not authorized \(reason code 135\)/,
      /Lacks 1 change\s+canards\/menu\s+published, and not confirmed/,
      /connection lost \(read ECONNRESET\)/,
      /Address\s+mqtts:\/\/\*\*\*@paris\.example:8883/,
      /Version\s+MQTT 5/,
      /Filters\s+#/,
      /20 publishes in flight\s+packets of 268.4\sMB\s+8 filters in one SUBSCRIBE/,
      /Rate\s+at most 45 messages and 240\skB a second/,
    ]) {
      expect(text).to.match(part);
    }
    await expectAccessible(fixture.page, 'the details of a broker');
    await fixture.page.keyboard.press('Escape');
    expect(await dialog().count()).to.equal(0);
    expect(await fixture.page.evaluate('document.activeElement.textContent')).to.equal('PARIS');
    await openDetails('PARIS');
    await dialog().getByRole('button', { name: 'lamp' }).click();
    expect(await dialog().count()).to.equal(0);
    await eventually(async () =>
      expect(await fixture.page.locator('.panel h3').innerText()).to.equal('lamp'),
    );
    expect(fixture.complaints).to.deep.equal([]);
  });

  it('offer no actions unless the server allows them', async () => {
    await open();
    await openDetails('PARIS');
    await dialog().locator('.facts').first().waitFor();
    expect(await dialog().locator('.actions').count()).to.equal(0);
  });

  it('are compared, retried, paused after a confirmation, and resumed', async () => {
    fixture.world.allowsActions = true;
    fixture.world.setBroker('PARIS', { blocked: 1, behind: 1, refusal: REFUSAL });
    await open();
    await openDetails('PARIS');
    const press = (name: string) => dialog().getByRole('button', { name, exact: true }).click();
    await press('Compare now');
    fixture.world.details('PARIS', { comparison: { begunAt: Date.now(), state: 'complete', differing: 2 } });
    await press('Retry refused topics');
    await dialog().getByText('The refused topics are published again.').waitFor();
    await press('Pause…');
    await dialog().getByText('Disconnect PARIS').waitFor();
    await press('Cancel');
    await press('Pause…');
    await press('Pause it');
    await dialog().getByText('Paused.').waitFor();
    fixture.server.tell({
      brokers: [fixture.world.setBroker('PARIS', { state: 'paused', blocked: 0, refusal: null })],
    });
    await press('Resume');
    await eventually(() =>
      expect(posts()).to.deep.equal(
        ['compare', 'retry', 'pause', 'resume'].map(action => `POST /api/v1/brokers/PARIS/${action}`),
      ),
    );
    await fixture.page.keyboard.press('Escape');
    await openDetails('PARIS');
    await dialog()
      .getByText(/Compared .* ago: 2 topics differed/)
      .waitFor();
    await expectAccessible(fixture.page, 'the actions');
    expect(fixture.complaints).to.deep.equal([]);
  });

  it('tell why an action did not begin', async () => {
    fixture.world.allowsActions = true;
    await open();
    await fixture.page.route('**/compare', route =>
      route.fulfill({ status: 409, json: { isBegun: false, error: 'a full scan is running already' } }),
    );
    await openDetails('OSLO');
    await dialog().getByRole('button', { name: 'Compare now' }).click();
    await dialog().getByText('Not done: a full scan is running already.').waitFor();
  });

  it('are shown below a sub-path of a host too, with their files, requests and events', async () => {
    fixture.world.allowsActions = true;
    await open({ below: '/site/mqttrep' }, '/site/mqttrep/');
    await fixture.page.locator('.grid tbody tr').first().waitFor();
    expect(await fixture.page.locator('.verdict h2').innerText()).to.equal('All is well');
    await openDetails('OSLO');
    await dialog().getByRole('button', { name: 'Compare now' }).click();
    await eventually(() => expect(posts()).to.deep.equal(['POST /site/mqttrep/api/v1/brokers/OSLO/compare']));
    const others = fixture.server.requests.filter(request => !request.includes('/site/mqttrep/'));
    expect(others).to.deep.equal([]);
    expect(fixture.server.listeners).to.equal(1);
  });

  it('keep the tokens of two servers below two paths of one host apart', async () => {
    await open({ token: 'sixteen-characters', below: '/a' }, '/a/#token=sixteen-characters');
    await fixture.page.locator('.figures').waitFor();
    const kept = await fixture.page.evaluate('Object.keys(sessionStorage)');
    expect(kept).to.deep.equal(['mqttrep-token /a/']);
  });
});
