/** The page in a real browser, with a server whose answers the spec sets. */

import { expect } from 'chai';
import type { Browser, Locator, Page } from 'playwright-core';
import { eventually } from '../support/eventually.ts';
import { openPage, startBrowser, type Watched } from './browser.ts';
import { PretendServer } from './pretend-server.ts';
import { PretendWorld } from './pretend-world.ts';

const BROKERS = ['OSLO', 'PARIS', 'QUEBEC'];

/** Defines specs of the page, with one browser for all of them. */
export function onThePage(title: string, define: (fixture: PageFixture) => void): void {
  describe(title, function () {
    this.timeout(120_000);
    const fixture = new PageFixture();
    before(() => fixture.start());
    after(() => fixture.stop());
    afterEach(() => fixture.close());
    define(fixture);
  });
}

type Topics = Readonly<Record<string, string>>;

export class PageFixture {
  world = new PretendWorld(BROKERS, {});
  #browser: Browser | undefined;
  #server: PretendServer | undefined;
  #watched: Watched | undefined;

  async start(): Promise<void> {
    this.#browser = await startBrowser();
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
  }

  /** Ends what one spec has opened. */
  async close(): Promise<void> {
    await this.#watched?.page.context().close();
    // A spec may have stopped it.
    await this.#server?.stop().catch(() => undefined);
  }

  get server(): PretendServer {
    if (this.#server === undefined) throw new Error('no server was started');
    return this.#server;
  }

  get page(): Page {
    return this.#open.page;
  }

  /** Errors of the page, and its requests to other hosts. */
  get complaints(): readonly string[] {
    return this.#open.complaints;
  }

  /** Opens the page of a server that has these topics, and waits for its first status. */
  async open(topics: Topics, options: Parameters<typeof openPage>[2] = {}): Promise<void> {
    this.world = this.worldOf(topics);
    await this.serve();
    await this.visit(this.server.url, options);
    await this.page.locator('.verdict .figures').waitFor();
  }

  worldOf(topics: Topics): PretendWorld {
    return new PretendWorld(BROKERS, topics);
  }

  /** Starts a server of the world. */
  async serve(options: Parameters<typeof PretendServer.start>[1] = {}): Promise<void> {
    this.#server = await PretendServer.start(this.world, options);
  }

  async visit(url: string, options: Parameters<typeof openPage>[2] = {}): Promise<void> {
    if (this.#browser === undefined) throw new Error('no browser was started');
    this.#watched = await openPage(this.#browser, url, options);
  }

  row(name: string): Locator {
    const { page } = this;
    return page.locator('.grid tbody tr').filter({ has: page.getByText(name, { exact: true }) });
  }

  card(name: string): Locator {
    return this.page.locator('.broker').filter({ hasText: name });
  }

  /** Waits until the element has this text. */
  async expectText(selector: string, pattern: RegExp): Promise<void> {
    await eventually(async () => expect(await this.page.locator(selector).innerText()).to.match(pattern));
  }

  /** The text of the element with the focus; empty if the body has it. */
  focused(): Promise<string> {
    return this.page.evaluate(
      'document.activeElement === document.body ? "" : document.activeElement.innerText.trim()',
    );
  }

  get #open(): Watched {
    if (this.#watched === undefined) throw new Error('no page was opened');
    return this.#watched;
  }
}
