/**
 * The topics of the page in a real browser: payloads, what is copied, the keys, and the room that it all takes.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import { eventually } from '../support/eventually.ts';
import { expectAccessible, type openPage } from './browser.ts';
import { onThePage } from './page-fixture.ts';
import { agreeing, diverging, missing, PretendWorld, refused, text, unknown } from './pretend-world.ts';
import { SCENES, type Scene } from './scenes.ts';

onThePage('The topics on the page', fixture => {
  async function open(options: Parameters<typeof openPage>[2] = {}): Promise<void> {
    await fixture.serve();
    await fixture.visit(fixture.server.url, options);
    await fixture.page.locator('.grid tbody tr').first().waitFor();
  }

  it('say missing, refused or not known yet, each with what it means', async () => {
    fixture.world = fixture.worldOf({ lamp: 'off' });
    fixture.world.change('lamp', {
      state: 'blocked',
      held: { OSLO: missing(), PARIS: refused(), QUEBEC: unknown() },
    });
    await open();
    expect(await fixture.row('lamp').locator('td.held').allTextContents()).to.deep.equal([
      '≠differs: missing',
      '≠differs: refused',
      '≠differs: not known yet',
    ]);
    expect(await fixture.row('lamp').locator('td.held em').first().getAttribute('title')).to.contain(
      'should',
    );
  });

  it('show JSON indented, with the keys marked that differ', async () => {
    fixture.world = fixture.worldOf({ kitchen: '{"temperature":21.5,"battery":97}' });
    const held = diverging('{"temperature":20.9,"battery":97,"linkquality":87}');
    const same = agreeing('{"temperature":21.5,"battery":97}');
    fixture.world.change('kitchen', { state: 'diverging', held: { OSLO: same, PARIS: same, QUEBEC: held } });
    await open();
    await fixture.row('kitchen').click();
    await fixture.page.locator('.panel pre').nth(1).waitFor();
    const marked = (index: number) =>
      fixture.page.locator('.panel pre').nth(index).locator('mark').allTextContents();
    expect(await fixture.page.locator('.panel pre').first().innerText()).to.contain('{\n  ');
    expect(await marked(0)).to.deep.equal(['"temperature": 21.5,']);
    expect(await marked(1)).to.deep.equal(['"temperature": 20.9,', '"linkquality": 87']);
  });

  it('show the route of a topic: where it goes, under which names, and which setting decided each', async () => {
    fixture.world = fixture.worldOf({ lamp: 'off' });
    fixture.world.routes = {
      brokers: [
        ...fixture.world.route('lamp').brokers.slice(0, 2),
        {
          broker: 'QUEBEC',
          name: 'site/lamp',
          namedBy: 'MQTTREP_MAP_a',
          receives: 'MQTTREP_TOPIC_all',
          publishes: { reason: 'the broker is not permitted', decidedBy: 'MQTTREP_PUBLISH_BLACKLIST_all' },
        },
      ],
    };
    await open();
    await fixture.row('lamp').click();
    const route = fixture.page.locator('.panel .route');
    await route.locator('li').nth(1).waitFor();
    const told = (await route.locator('li').allInnerTexts()).map(text => text.replaceAll(/\s+/g, ' ').trim());
    expect(told).to.deep.equal([
      'OSLO and PARIS received MQTTREP_TOPIC_all published with QoS 1',
      'QUEBEC as site/lamp MQTTREP_MAP_a received MQTTREP_TOPIC_all not published: the broker is not permitted MQTTREP_PUBLISH_BLACKLIST_all',
    ]);
    const settings = await route.locator('tbody tr').allInnerTexts();
    expect(settings.map(text => text.replaceAll(/\s+/g, ' '))).to.deep.equal([
      'TTL for ever default',
      'RETAIN true MQTTREP_RETAIN_all',
      'QOS 1 default',
      'MERGE arrival, the last writer wins default',
    ]);
    await expectAccessible(fixture.page, 'the route');
    expect(fixture.complaints).to.deep.equal([]);
  });

  it('say why a topic is not replicated', async () => {
    fixture.world = fixture.worldOf({ lamp: 'off' });
    const refused = { reason: 'it has too many levels', decidedBy: 'MQTTREP_MAX_LEVELS' };
    fixture.world.routes = { refused, settings: [], brokers: [] };
    await open();
    await fixture.row('lamp').click();
    await fixture.expectText('.panel .route', /not replicated: it has too many levels\s+MQTTREP_MAX_LEVELS/);
  });

  it('show binary payloads as hexadecimal bytes', async () => {
    fixture.world = fixture.worldOf({ camera: '' });
    const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]);
    const winner = { kind: 'base64', text: bytes.toString('base64'), bytes: bytes.length } as const;
    fixture.world.change('camera', { winner });
    await open();
    expect(await fixture.row('camera').locator('.winner .value').innerText()).to.equal('89 50 4e 47 ff');
    await fixture.row('camera').click();
    await fixture.page.locator('.panel pre').first().waitFor();
    expect(await fixture.page.locator('.panel pre').first().innerText()).to.match(
      /^0000 {2}89 50 4e 47 ff\s+\.PNG\./,
    );
  });

  it('copy the topic and the payload, also where the browser has no clipboard', async () => {
    fixture.world = fixture.worldOf({ 'canards/menu': '{"a": 1}' });
    await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await fixture.row('menu').click();
    const copied = () => fixture.page.evaluate('navigator.clipboard.readText()');
    await fixture.page.getByRole('button', { name: 'Copy the winner' }).click();
    await eventually(async () => expect(await copied()).to.equal('{"a": 1}'));
    await fixture.page.evaluate(
      'navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"))',
    );
    await fixture.page.getByRole('button', { name: 'Copy the topic' }).click();
    await eventually(async () => expect(await copied()).to.equal('canards/menu'));
    expect(await fixture.page.locator('textarea').count()).to.equal(0);
  });

  it('keep the focus on the screen while the arrow keys move it', async () => {
    const topics = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`t${String(i).padStart(2, '0')}`, 'x']),
    );
    fixture.world = fixture.worldOf(topics);
    await open({ viewport: { width: 1280, height: 420 } });
    await fixture.row('t00').click();
    await fixture.page.keyboard.press('Escape');
    await fixture.row('t00').focus();
    for (const key of [
      ...Array<string>(45).fill('ArrowDown'),
      'End',
      'Home',
      'PageDown',
      ...Array<string>(9).fill('ArrowUp'),
    ]) {
      await fixture.page.keyboard.press(key);
      await eventually(async () => {
        const place = (await fixture.page.evaluate(`(() => {
          const { top, bottom } = document.activeElement.getBoundingClientRect();
          const head = document.querySelector('.grid thead').getBoundingClientRect();
          return { isRow: document.activeElement.matches('tr'), top, bottom, head: head.bottom, window: innerHeight };
        })()`)) as Record<'top' | 'bottom' | 'head' | 'window', number> & { isRow: boolean };
        expect(place.isRow, key).to.equal(true);
        expect(place.top, `${key}: the top`).to.be.at.least(Math.max(0, place.head) - 1);
        expect(place.bottom, `${key}: the bottom`).to.be.at.most(place.window + 1);
      });
    }
  });

  it('show a line around the row with the focus, also in the column of names', async () => {
    fixture.world = fixture.worldOf({ door: 'open', lamp: 'off' });
    await open();
    await fixture.row('door').focus();
    await fixture.page.keyboard.press('ArrowDown');
    const shadow = () =>
      fixture.page.evaluate("getComputedStyle(document.activeElement.querySelector('td.name')).boxShadow");
    await eventually(async () => expect(await shadow()).to.match(/2px 0px 0px 0px inset/));
  });

  it('say which brokers differ in one column if there is no room for one each', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `SITE-${i + 1}`);
    fixture.world = new PretendWorld(names, { lamp: 'off', door: 'open' });
    const held = Object.fromEntries(
      names.map(name => [name, name === 'SITE-7' ? missing() : agreeing('off')]),
    );
    fixture.world.change('lamp', { state: 'diverging', held });
    await open();
    expect(await fixture.page.locator('.grid th').allTextContents()).to.deep.equal([
      'Topic',
      'Winner',
      'Brokers',
      'Changed',
      'Expires',
    ]);
    expect(await fixture.row('lamp').locator('td.summary').innerText()).to.match(/29 of 30\s+SITE-7 missing/);
    expect(await fixture.row('door').locator('td.summary').innerText()).to.equal('30 in sync');
  });

  it('leave the details readable whatever the length of a payload', async () => {
    fixture.world = fixture.worldOf({ log: 'W'.repeat(8_000) });
    fixture.world.change('log', {
      state: 'diverging',
      held: {
        OSLO: agreeing('W'.repeat(8_000)),
        PARIS: { value: text('x'.repeat(8_000)), agrees: false },
        QUEBEC: missing(),
      },
    });
    await open();
    await fixture.row('log').click();
    await fixture.page.locator('.held-list li').nth(2).waitFor();
    for (const name of fixture.world.brokers.map(broker => broker.name)) {
      const box = await fixture.page.locator('.held-list strong').filter({ hasText: name }).boundingBox();
      expect(box?.width, name).to.be.above(30);
      expect(box?.height, name).to.be.below(30);
    }
    const heights = (await fixture.page.evaluate(
      '[...document.querySelectorAll(".panel .payload")].map(one => one.offsetHeight)',
    )) as number[];
    for (const height of heights) expect(height).to.be.below(320);
  });

  for (const { width, colorScheme } of [
    { width: 1280, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
  ] as const) {
    describe(`${width} pixels wide, ${colorScheme}`, () => {
      for (const scene of SCENES) {
        it(`never make the page scroll sideways, and pass all rules of axe: ${scene.name}`, () =>
          expectInOrder(scene, width, colorScheme));
      }
    });
  }

  async function expectInOrder(scene: Scene, width: number, colorScheme: 'light' | 'dark'): Promise<void> {
    fixture.world = scene.world();
    await fixture.serve(scene.options);
    await fixture.visit(fixture.server.url, { viewport: { width, height: 900 }, colorScheme });
    await fixture.page.locator('.grid tbody tr:not(.gap), .nothing, .door').first().waitFor();
    await scene.act?.(fixture.page, fixture.server);
    const wide =
      await fixture.page.evaluate(`[document.documentElement, ...document.querySelectorAll('.grid, .panel, .scroll, dialog')]
      .filter(one => one.scrollWidth > one.clientWidth + 1)
      .map(one => one.className + ' ' + one.scrollWidth + ' > ' + one.clientWidth)`);
    expect(wide, 'what is wider than its place').to.deep.equal([]);
    await expectAccessible(fixture.page, scene.name);
    expect(fixture.complaints).to.deep.equal([]);
  }
});
