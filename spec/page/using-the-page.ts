/**
 * What a person does on the page: by the keyboard, with a token, with held deletions, and by a screen reader.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { expectAccessible } from './browser.ts';
import { onThePage } from './page-fixture.ts';
import { agreeing, diverging, text } from './pretend-world.ts';

onThePage('The page', fixture => {
  it('can be used by the keyboard alone', async () => {
    await fixture.open({ 'canards/menu': 'oats', 'canards/door': 'open', lamp: 'off' });
    await fixture.row('canards/').waitFor();
    await fixture.page.keyboard.press('Tab');
    expect(await fixture.focused(), 'the first stop').to.equal('Skip to the topics');
    await fixture.page.keyboard.press('Enter');
    for (const stop of ['searchbox', 'checkbox', 'row']) {
      await fixture.page.keyboard.press('Tab');
      expect(
        await fixture.page.evaluate(
          'document.activeElement.closest("tr") ? "row" : document.activeElement.type',
        ),
      ).to.equal(stop === 'searchbox' ? 'search' : stop);
    }
    await fixture.page.keyboard.press('ArrowLeft');
    await eventually(async () => expect(await fixture.row('door').count()).to.equal(0));
    await fixture.page.keyboard.press('ArrowRight');
    await fixture.row('door').waitFor();
    await fixture.page.keyboard.press('ArrowDown');
    await fixture.page.keyboard.press('ArrowDown');
    expect(await fixture.focused()).to.match(/menu/);
    await fixture.page.keyboard.press('Enter');
    await fixture.expectText('.panel', /canards\/menu/);
    expect(await fixture.focused(), 'the details have the focus').to.equal('canards/menu');
    fixture.world.rows.splice(
      fixture.world.rows.findIndex(({ topic }) => topic === 'canards/door'),
      1,
    );
    fixture.server.tell({ topics: fixture.world.counts() });
    await eventually(async () => expect(await fixture.row('door').count()).to.equal(0));
    await fixture.page.keyboard.press('Escape');
    expect(await fixture.page.locator('.panel').count()).to.equal(0);
    expect(await fixture.focused(), 'and give it back').to.match(/menu/);
    fixture.world.rows.splice(
      fixture.world.rows.findIndex(({ topic }) => topic === 'canards/menu'),
      1,
    );
    fixture.server.tell({ topics: fixture.world.counts() });
    await eventually(async () =>
      expect(await fixture.focused(), 'a row that has gone').to.match(/lamp\toff/),
    );
    await fixture.page.keyboard.press('ArrowDown');
    await fixture.page.keyboard.press('ArrowUp');
    expect(await fixture.focused()).to.match(/lamp\toff/);
  });

  it('asks for a token if the server requires one, and removes it from the address', async () => {
    fixture.world = fixture.worldOf({ 'canards/menu': 'oats' });
    await fixture.serve({ token: 's3same-open' });
    await fixture.visit(fixture.server.url);
    await expectAccessible(fixture.page, 'the form');
    await eventually(async () => expect(await fixture.page.title()).to.equal('token needed · mqttrep'));
    await fixture.page.getByLabel('Token').fill('wrong');
    await fixture.page.keyboard.press('Enter');
    await fixture.page.getByText('The token is wrong.').waitFor();
    await fixture.page.getByLabel('Token').fill('s3same-open');
    await fixture.page.getByRole('button').click();
    await fixture.expectText('.figures', /1\s+topic converged/);
    await fixture.page.context().close();

    await fixture.visit(`${fixture.server.url}/#token=s3same-open`);
    await fixture.expectText('.figures', /1\s+topic converged/);
    expect(fixture.page.url()).to.equal(`${fixture.server.url}/`);
  });

  it('asks for confirmation before it deletes or restores held topics', async () => {
    await fixture.open({ 'canards/menu': 'oats' });
    expect(await fixture.page.getByRole('button', { name: 'Delete everywhere' }).count()).to.equal(0);
    fixture.server.tell({ brokers: [fixture.world.setBroker('PARIS', { deletionsHeld: 300 })] });
    const verdict = fixture.page.locator('.verdict');
    const press = (name: string) => verdict.getByRole('button', { name, exact: true }).click();
    const posts = () => fixture.server.requests.filter(request => request.startsWith('POST'));
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
    expect(fixture.complaints).to.deep.equal([]);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1360, 390]) {
      it(`passes all rules of axe, ${colorScheme}, ${width} pixels wide`, async () => {
        await fixture.open(
          { 'canards/menu': 'oats', 'canards/door': 'open', lamp: 'off', ducks: '12' },
          { colorScheme, viewport: { width, height: 900 } },
        );
        await expectAccessible(fixture.page, 'all well');
        fixture.world.change('canards/menu', {
          state: 'diverging',
          held: { OSLO: agreeing('peas'), PARIS: agreeing('peas'), QUEBEC: diverging('oats') },
        });
        fixture.world.change('lamp', {
          state: 'blocked',
          held: { OSLO: agreeing('off'), QUEBEC: diverging('on') },
        });
        fixture.world.change('ducks', { state: 'deleted', winner: { kind: 'deleted' } });
        const side = { broker: 'OSLO', value: text('oats') };
        fixture.world.conflicts = [
          { at: Date.now(), topic: 'canards/menu', winner: side, loser: side, decidedBy: 'arrival' },
        ];
        const brokers = [
          fixture.world.setBroker('QUEBEC', {
            state: 'unreachable',
            detail: 'ECONNREFUSED',
            dropped: { large: 1 },
          }),
          fixture.world.setBroker('PARIS', { state: 'replaying', deletionsHeld: 300 }),
        ];
        fixture.server.tell({ topics: fixture.world.counts(), conflicts: fixture.world.conflicts, brokers });
        await fixture.row('menu').click();
        await fixture.expectText('.panel', /diverging/);
        await expectAccessible(fixture.page, 'all kinds of trouble');
        await fixture.server.stop();
        await fixture.page.getByText('mqttrep does not answer').first().waitFor();
        await expectAccessible(fixture.page, 'mqttrep gone');
      });
    }
  }
});
