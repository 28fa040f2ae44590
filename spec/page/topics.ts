/**
 * The topics of the page in a real browser: payloads, what is copied, the keys, and the room that it all takes.
 *
 * Not part of `npm test`, since Chromium may be missing: `npm run test:page`.
 */

import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { expectAccessible, openPage, startBrowser, type Watched } from './browser.ts';
import { PretendServer } from './pretend-server.ts';
import { agreeing, diverging, missing, PretendWorld, refused, text, unknown } from './pretend-world.ts';
import { SCENES, type Scene } from './scenes.ts';

const BROKERS = ['OSLO', 'PARIS', 'QUEBEC'];

describe('The topics on the page', function () {
  this.timeout(120_000);

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
    await server?.stop().catch(() => undefined);
  });

  async function open(options: Parameters<typeof openPage>[2] = {}): Promise<void> {
    server = await PretendServer.start(world);
    watched = await openPage(browser, server.url, options);
    page = watched.page;
    await page.locator('.grid tbody tr').first().waitFor();
  }

  const row = (name: string) =>
    page.locator('.grid tbody tr').filter({ has: page.getByText(name, { exact: true }) });

  it('say missing, refused or not known yet, each with what it means', async () => {
    world = new PretendWorld(BROKERS, { lamp: 'off' });
    world.change('lamp', {
      state: 'blocked',
      held: { OSLO: missing(), PARIS: refused(), QUEBEC: unknown() },
    });
    await open();
    expect(await row('lamp').locator('td.held').allTextContents()).to.deep.equal([
      '≠differs: missing',
      '≠differs: refused',
      '≠differs: not known yet',
    ]);
    expect(await row('lamp').locator('td.held em').first().getAttribute('title')).to.contain('should');
  });

  it('show JSON indented, with the keys marked that differ', async () => {
    world = new PretendWorld(BROKERS, { kitchen: '{"temperature":21.5,"battery":97}' });
    const held = diverging('{"temperature":20.9,"battery":97,"linkquality":87}');
    const same = agreeing('{"temperature":21.5,"battery":97}');
    world.change('kitchen', { state: 'diverging', held: { OSLO: same, PARIS: same, QUEBEC: held } });
    await open();
    await row('kitchen').click();
    await page.locator('.panel pre').nth(1).waitFor();
    const marked = (index: number) => page.locator('.panel pre').nth(index).locator('mark').allTextContents();
    expect(await page.locator('.panel pre').first().innerText()).to.contain('{\n  ');
    expect(await marked(0)).to.deep.equal(['"temperature": 21.5,']);
    expect(await marked(1)).to.deep.equal(['"temperature": 20.9,', '"linkquality": 87']);
  });

  it('show binary payloads as hexadecimal bytes', async () => {
    world = new PretendWorld(BROKERS, { camera: '' });
    const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]);
    const winner = { kind: 'base64', text: bytes.toString('base64'), bytes: bytes.length } as const;
    world.change('camera', { winner });
    await open();
    expect(await row('camera').locator('.winner .value').innerText()).to.equal('89 50 4e 47 ff');
    await row('camera').click();
    await page.locator('.panel pre').first().waitFor();
    expect(await page.locator('.panel pre').first().innerText()).to.match(
      /^0000 {2}89 50 4e 47 ff\s+\.PNG\./,
    );
  });

  it('copy the topic and the payload, also where the browser has no clipboard', async () => {
    world = new PretendWorld(BROKERS, { 'canards/menu': '{"a": 1}' });
    await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await row('menu').click();
    const copied = () => page.evaluate('navigator.clipboard.readText()');
    await page.getByRole('button', { name: 'Copy the winner' }).click();
    await eventually(async () => expect(await copied()).to.equal('{"a": 1}'));
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"))');
    await page.getByRole('button', { name: 'Copy the topic' }).click();
    await eventually(async () => expect(await copied()).to.equal('canards/menu'));
    expect(await page.locator('textarea').count()).to.equal(0);
  });

  it('keep the focus on the screen while the arrow keys move it', async () => {
    const topics = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`t${String(i).padStart(2, '0')}`, 'x']),
    );
    world = new PretendWorld(BROKERS, topics);
    await open({ viewport: { width: 1280, height: 420 } });
    await row('t00').click();
    await page.keyboard.press('Escape');
    await row('t00').focus();
    for (const key of [
      ...Array<string>(45).fill('ArrowDown'),
      'End',
      'Home',
      'PageDown',
      ...Array<string>(9).fill('ArrowUp'),
    ]) {
      await page.keyboard.press(key);
      await eventually(async () => {
        const place = (await page.evaluate(`(() => {
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

  it('say which brokers differ in one column if there is no room for one each', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `SITE-${i + 1}`);
    world = new PretendWorld(names, { lamp: 'off', door: 'open' });
    const held = Object.fromEntries(
      names.map(name => [name, name === 'SITE-7' ? missing() : agreeing('off')]),
    );
    world.change('lamp', { state: 'diverging', held });
    await open();
    expect(await page.locator('.grid th').allTextContents()).to.deep.equal([
      'Topic',
      'Winner',
      'Brokers',
      'Changed',
      'Expires',
    ]);
    expect(await row('lamp').locator('td.summary').innerText()).to.match(/29 of 30\s+SITE-7 missing/);
    expect(await row('door').locator('td.summary').innerText()).to.equal('30 in sync');
  });

  it('leave the details readable whatever the length of a payload', async () => {
    world = new PretendWorld(BROKERS, { log: 'W'.repeat(8_000) });
    world.change('log', {
      state: 'diverging',
      held: {
        OSLO: agreeing('W'.repeat(8_000)),
        PARIS: { value: text('x'.repeat(8_000)), agrees: false },
        QUEBEC: missing(),
      },
    });
    await open();
    await row('log').click();
    await page.locator('.held-list li').nth(2).waitFor();
    for (const name of BROKERS) {
      const box = await page.locator('.held-list strong').filter({ hasText: name }).boundingBox();
      expect(box?.width, name).to.be.above(30);
      expect(box?.height, name).to.be.below(30);
    }
    const heights = (await page.evaluate(
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
    server = await PretendServer.start(scene.world(), scene.options);
    watched = await openPage(browser, server.url, { viewport: { width, height: 900 }, colorScheme });
    page = watched.page;
    await page.locator('.grid tbody tr:not(.gap), .nothing, .door').first().waitFor();
    await scene.act?.(page, server);
    const wide =
      await page.evaluate(`[document.documentElement, ...document.querySelectorAll('.grid, .panel, dialog')]
      .filter(one => one.scrollWidth > one.clientWidth + 1)
      .map(one => one.className + ' ' + one.scrollWidth + ' > ' + one.clientWidth)`);
    expect(wide, 'what is wider than its place').to.deep.equal([]);
    await expectAccessible(page, scene.name);
    expect(watched.complaints).to.deep.equal([]);
  }
});
