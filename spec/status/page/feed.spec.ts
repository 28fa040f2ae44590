/** The page's line to the server: it comes back by itself, and says when it is gone. */

import { expect } from 'chai';
import { type Feed, FeedReader } from '../../../lib/status/page/feed.ts';
import { Server } from '../../../lib/status/page/server.ts';
import { PretendServer } from '../../page/pretend-server.ts';
import { PretendWorld } from '../../page/pretend-world.ts';
import { eventually } from '../../support/eventually.ts';

const retry = { first: 20, longest: 50 };

describe('the feed of the page', () => {
  const world = new PretendWorld(['OSLO', 'PARIS'], { 'canards/menu': 'oats' });
  let server: PretendServer;
  let reader: FeedReader | undefined;
  let feed: Feed;
  let links: string[];

  beforeEach(async () => {
    server = await PretendServer.start(world);
    links = [];
  });

  afterEach(async () => {
    reader?.close();
    await server.stop();
  });

  function follow(silence = 10_000, token?: string): void {
    const source = new Server(server.url, () => token);
    reader = new FeedReader(
      source,
      next => {
        feed = next;
        if (links.at(-1) !== next.link.state) links.push(next.link.state);
      },
      { retry, silence },
    );
    reader.connect();
  }

  it('begins with the whole status, and follows what changes', async () => {
    follow();
    await eventually(() => expect(feed.status?.topics.converged).to.equal(1));
    server.tell({ topics: { converged: 0, diverging: 1, blocked: 0, deleted: 0 } });
    await eventually(() => expect(feed.status?.topics.diverging).to.equal(1));
    expect(feed.status?.brokers).to.have.length(2);
  });

  it('comes back when the server does, and keeps what was known meanwhile', async () => {
    follow();
    await eventually(() => expect(links).to.deep.equal(['live']));
    const { port } = server;
    await server.stop();
    await eventually(() => expect(feed.link.state).to.equal('lost'));
    expect(feed.status?.brokers).to.have.length(2);
    server = await PretendServer.start(world, { port });
    await eventually(() => expect(links).to.deep.equal(['live', 'lost', 'live']));
    await eventually(() => expect(server.listeners, 'one stream and no more').to.equal(1));
  });

  it('takes a stream that has fallen silent for lost', async () => {
    follow(300);
    await eventually(() => expect(links.slice(0, 3)).to.deep.equal(['live', 'lost', 'live']));
  });

  it('knows by how much the clock of the server differs, and takes seconds for none', async () => {
    const source = new Server(server.url, () => undefined);
    await source.level('', { after: null, limit: 1 });
    expect(source.skew).to.equal(0);
    const late = await PretendServer.start(world, { behind: 3_600_000 });
    try {
      const other = new Server(late.url, () => undefined);
      await other.level('', { after: null, limit: 1 });
      expect(other.skew).to.be.closeTo(3_600_000, 60_000);
    } finally {
      await late.stop();
    }
  });

  it('asks for a token where one is wanted, and not again before it has one', async () => {
    await server.stop();
    server = await PretendServer.start(world, { token: 'right' });
    follow(10_000, 'wrong');
    await eventually(() => expect(links).to.deep.equal(['token required']));
    reader?.close();
    follow(10_000, 'right');
    await eventually(() => expect(feed.link.state).to.equal('live'));
  });
});
