/** The topic tree: its rows, its keys, and the requests to the server. */

import { expect } from 'chai';
import type { TopicNode } from '../../../lib/status/api.ts';
import { Server } from '../../../lib/status/page/client/server.ts';
import { TopicBrowser, type TopicView } from '../../../lib/status/page/client/topic-browser.ts';
import {
  type Levels,
  type Row,
  rowsOf,
  windowOf,
  withAnswer,
} from '../../../lib/status/page/model/topic-rows.ts';
import { moveFocus } from '../../../lib/status/page/parts/grid-keys.ts';
import { PretendServer } from '../../page/pretend-server.ts';
import { PretendWorld, text } from '../../page/pretend-world.ts';
import { eventually } from '../../support/eventually.ts';

describe('The rows of the topic tree', () => {
  const root = withAnswer(undefined, 0, { nodes: [branch('a', 2), branch('b', 1)], size: 2, next: null });
  const beneathA = withAnswer(undefined, 0, { nodes: [branch('x', 0)], size: 2, next: 'x' });
  const levels: Levels = new Map([
    ['', root],
    ['a/', beneathA],
  ]);

  it('are the open levels, each below its branch, and placeholders for the rest', () => {
    expect(rowsOf(levels, new Set(['a/', 'b/'])).map(shown)).to.deep.equal([
      '1 a/ open',
      '2 a/x/',
      '2 1 more in a/',
      '1 b/ open',
      '2 ? more in b/',
    ]);
    expect(rowsOf(levels, new Set()).map(shown)).to.deep.equal(['1 a/ closed', '1 b/ closed']);
  });

  it('move the beginning of the next page when a page is refreshed', () => {
    const first = { nodes: [branch('a', 0), branch('b', 0)], size: 4, next: 'b' };
    const second = { nodes: [branch('c', 0), branch('d', 0)], size: 4, next: null };
    const two = withAnswer(withAnswer(undefined, 0, first), 1, second);
    expect(two.pages.map(({ after }) => after)).to.deep.equal([null, 'b']);
    const grown = { nodes: [branch('a', 0), branch('aa', 0)], size: 5, next: 'aa' };
    const again = withAnswer(two, 0, grown);
    expect(again.pages.map(({ after }) => after)).to.deep.equal([null, 'aa']);
    expect(again.next, 'the end is where it was').to.equal(null);
    const shrunk = withAnswer(two, 0, { nodes: [branch('a', 0)], size: 1, next: null });
    expect(shrunk.pages).to.have.length(1);
  });

  it('are limited to the visible ones', () => {
    expect(windowOf(100_000, { top: 0, height: 600, row: 40 })).to.deep.equal({ from: 0, to: 21 });
    expect(windowOf(100_000, { top: 40_000, height: 600, row: 40 })).to.deep.equal({ from: 994, to: 1021 });
    expect(windowOf(3, { top: 9999, height: 600, row: 40 })).to.deep.equal({ from: 3, to: 3 });
  });
});

describe('The keys of the topic tree', () => {
  const levels: Levels = new Map([
    ['', withAnswer(undefined, 0, { nodes: [branch('a', 1), branch('b', 1)], size: 2, next: null })],
    ['a/', withAnswer(undefined, 0, { nodes: [branch('x', 0)], size: 1, next: null })],
  ]);
  const rows = rowsOf(levels, new Set(['a/']));
  const key = (name: string, index: number) => moveFocus(name, rows, index, 10);

  it('move, open, close, and act', () => {
    expect(key('ArrowDown', 0)).to.deep.equal({ kind: 'go', index: 1 });
    expect(key('ArrowUp', 0)).to.deep.equal({ kind: 'go', index: 0 });
    expect(key('End', 0)).to.deep.equal({ kind: 'go', index: 2 });
    expect(key('PageDown', 0)).to.deep.equal({ kind: 'go', index: 2 });
    expect(key('ArrowRight', 0), 'into an open branch').to.deep.equal({ kind: 'go', index: 1 });
    expect(key('ArrowRight', 2), 'opens a closed one').to.deep.equal({ kind: 'toggle' });
    expect(key('ArrowLeft', 0), 'closes an open one').to.deep.equal({ kind: 'toggle' });
    expect(key('ArrowLeft', 1), 'to the branch').to.deep.equal({ kind: 'go', index: 0 });
    expect(key('ArrowLeft', 2)).to.equal(undefined);
    expect(key('Enter', 1)).to.deep.equal({ kind: 'act' });
    expect(key('x', 1), 'others are left to the browser').to.equal(undefined);
  });
});

describe('TopicBrowser', () => {
  const topics: Record<string, string> = { 'site/door': 'open', 'site/lamp': 'off' };
  for (let i = 0; i < 250; i++) topics[`meters/${String(i).padStart(3, '0')}/power`] = `${i} W`;
  const world = new PretendWorld(['OSLO', 'PARIS'], topics);
  let server: PretendServer;
  let view: TopicView;
  let browser: TopicBrowser;

  beforeEach(async () => {
    server = await PretendServer.start(world);
    view = { query: { filter: '', diverging: false }, rows: [], found: null, failed: false };
    browser = new TopicBrowser(new Server(server.url, () => undefined), next => {
      view = next;
    });
    browser.search({ filter: '', diverging: false });
    await untilShown('1 meters/ closed', '1 site/ closed');
  });

  afterEach(() => server.stop());

  function untilShown(...rows: string[]): Promise<void> {
    return eventually(() => expect(view.rows.map(shown)).to.deep.equal(rows));
  }

  function toggle(path: string): void {
    const row = view.rows.find(each => each.kind === 'node' && each.path === path);
    if (row?.kind !== 'node') throw new Error(`no row ${path}`);
    browser.toggle(row);
  }

  it('requests a level when it is opened, and forgets it when it is closed', async () => {
    toggle('site');
    await untilShown('1 meters/ closed', '1 site/ open', '2 site/door', '2 site/lamp');
    toggle('site');
    await untilShown('1 meters/ closed', '1 site/ closed');
    expect(server.requests).to.have.length(2);
  });

  it('opens a small tree automatically, and leaves closed branches closed', async () => {
    await server.stop();
    server = await PretendServer.start(
      new PretendWorld(['OSLO'], { 'a/b/c': '1', 'a/b/d': '2', 'e/f': '3' }),
    );
    browser = new TopicBrowser(new Server(server.url, () => undefined), next => {
      view = next;
    });
    browser.search({ filter: '', diverging: false });
    const see = () => {
      for (const row of view.rows) if (row.kind === 'more') browser.more(row.level);
    };
    const all = ['1 a/ open', '2 a/b/ open', '3 a/b/c', '3 a/b/d', '1 e/ open', '2 e/f'];
    await eventually(() => {
      see();
      expect(view.rows.map(shown)).to.deep.equal(all);
    });
    toggle('e');
    browser.refresh(view.rows);
    await eventually(() => expect(server.requests).to.have.length(7));
    await untilShown('1 a/ open', '2 a/b/ open', '3 a/b/c', '3 a/b/d', '1 e/ closed');
  });

  it('requests one page at a time, as far as the user scrolls', async () => {
    toggle('meters');
    await eventually(() => expect(view.rows).to.have.length(103));
    expect(shown(view.rows[101])).to.equal('2 150 more in meters/');
    browser.more('meters/');
    await eventually(() => expect(view.rows).to.have.length(203));
    browser.more('meters/');
    await eventually(() => expect(view.rows).to.have.length(252));
    browser.more('meters/');
    expect(server.requests, 'nothing is asked for past the end').to.have.length(4);
    expect(server.requests.at(-1)).to.equal('/api/v1/tree?under=meters%2F&limit=100&after=199');
  });

  it('refreshes visible pages only', async () => {
    toggle('site');
    await eventually(() => expect(view.rows).to.have.length(4));
    world.change('site/door', { winner: text('closed') });
    server.requests.length = 0;
    browser.refresh(view.rows.slice(2));
    await eventually(() => {
      const row = view.rows[2];
      expect(row?.kind === 'node' ? row.node.topic?.winner : undefined).to.deep.equal(text('closed'));
    });
    expect(server.requests).to.deep.equal(['/api/v1/tree?under=site%2F&limit=100']);
  });

  it('refreshes many levels, a few at a time', async () => {
    await server.stop();
    const sites = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const many = new PretendWorld(['OSLO'], Object.fromEntries(sites.map(site => [`${site}/door`, 'open'])));
    server = await PretendServer.start(many);
    browser = new TopicBrowser(new Server(server.url, () => undefined), next => {
      view = next;
    });
    browser.search({ filter: '', diverging: false });
    await eventually(() => {
      for (const row of view.rows) if (row.kind === 'more') browser.more(row.level);
      expect(view.rows).to.have.length(14);
    });
    server.requests.length = 0;
    browser.refresh(view.rows);
    browser.refresh(view.rows);
    await eventually(() => expect(server.requests).to.have.length(8));
  });

  it('applies a filter, counts the matches, and returns to the tree', async () => {
    browser.search({ filter: 'LAMP', diverging: false });
    await untilShown('1 site/lamp');
    expect(view.found).to.equal(1);
    browser.search({ filter: '', diverging: true });
    await untilShown();
    expect(view.found).to.equal(0);
    browser.search({ filter: '', diverging: false });
    await untilShown('1 meters/ closed', '1 site/ closed');
    expect(view.found).to.equal(null);
  });

  it('keeps its topics when the server is lost, and reports it', async () => {
    const { port } = server;
    await server.stop();
    browser.refresh(view.rows);
    await eventually(() => expect(view.failed).to.equal(true));
    expect(view.rows).to.have.length(2);
    server = await PretendServer.start(world, { port });
    browser.refresh(view.rows);
    await eventually(() => expect(view.failed).to.equal(false));
  });
});

function branch(name: string, beneath: number): TopicNode {
  return { name, topic: null, beneath, diverging: 0 };
}

function shown(row: Row | undefined): string {
  if (row === undefined) return '';
  if (row.kind === 'more') return `${row.depth} ${row.left ?? '?'} more in ${row.level}`;
  const state = row.open === undefined ? '' : row.open ? ' open' : ' closed';
  return `${row.depth} ${row.key}${state}`;
}
