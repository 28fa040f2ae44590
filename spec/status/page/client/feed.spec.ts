/** The event stream of the page: it reconnects by itself, and reports when it is lost. */

import { expect } from 'chai';
import { type Feed, FeedReader } from '../../../../lib/status/page/client/feed.ts';
import { Server } from '../../../../lib/status/page/client/server.ts';
import { PretendServer } from '../../../page/pretend-server.ts';
import { PretendWorld } from '../../../page/pretend-world.ts';
import { eventually } from '../../../support/eventually.ts';

const retry = { first: 20, longest: 50 };

describe('FeedReader', () => {
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

  it('begins with the whole status, and applies changes', async () => {
    follow();
    await eventually(() => expect(feed.status?.topics.converged).to.equal(1));
    server.tell({ topics: { converged: 0, diverging: 1, blocked: 0, deleted: 0 } });
    await eventually(() => expect(feed.status?.topics.diverging).to.equal(1));
    expect(feed.status?.brokers).to.have.length(2);
  });

  it('reconnects when the server is back, and keeps the last status meanwhile', async () => {
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

  it('treats a silent stream as lost', async () => {
    follow(300);
    await eventually(() => expect(links.slice(0, 3)).to.deep.equal(['live', 'lost', 'live']));
  });

  it('measures the skew of the clocks, and ignores a few seconds', async () => {
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

  it('asks for a token if the server requires one, and does not retry without one', async () => {
    await server.stop();
    server = await PretendServer.start(world, { token: 'right' });
    follow(10_000, 'wrong');
    await eventually(() => expect(links).to.deep.equal(['token required']));
    reader?.close();
    follow(10_000, 'right');
    await eventually(() => expect(feed.link.state).to.equal('live'));
  });
});
