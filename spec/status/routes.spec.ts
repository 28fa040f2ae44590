/** What the status server answers at each path. */

import { expect } from 'chai';
import type { ReconcilerRequest } from '../../lib/protocol/requests.ts';
import type { Status } from '../../lib/status/api.ts';
import { NoResponseError } from '../../lib/supervisor/pending-requests.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { headOf, raw, type Served, serve } from './served.ts';

describe('the status server', () => {
  let replicator: FakeReplicator;
  let served: Served;

  beforeEach(async () => {
    replicator = new FakeReplicator('OSLO', 'PARIS');
    served = await serve(replicator);
  });

  afterEach(() => served.close());

  const get = (path: string, init?: RequestInit) => fetch(new URL(path, served.url), init);
  const json = async (path: string): Promise<unknown> => (await get(path)).json();

  describe('health', () => {
    it('is alive as long as it answers', async () => {
      expect((await get('/livez')).status).to.equal(200);
    });

    it('is ready when one broker is subscribed, until it stops', async () => {
      expect((await get('/readyz')).status).to.equal(503);
      replicator.link('OSLO').enter('ready', 'MQTT 5');
      expect((await get('/readyz')).status).to.equal(200);
      replicator.isStopping = true;
      expect((await get('/readyz')).status).to.equal(503);
    });

    it('lists what is ready and what is not, each with a reason of one line', async () => {
      replicator.link('OSLO').enter('ready', 'MQTT 5');
      replicator.link('PARIS').enter('refused', 'not\r\nauthorized');
      expect(await (await get('/readyz?verbose')).text()).to.equal(
        '[+] configuration\n[+] broker OSLO\n[-] broker PARIS: refused: not authorized\nready\n',
      );
    });
  });

  it('names in its health the broker of which a part of the replay is missing, and is ready all the same', async () => {
    replicator.link('PARIS').enter('ready', 'MQTT 5');
    const answer = await get('/readyz?verbose');
    expect(answer.status).to.equal(200);
    expect(await answer.text()).to.match(/^\[-\] broker PARIS: replay incomplete: .*\nready$/m);
  });

  describe('the API', () => {
    it('returns the whole state', async () => {
      replicator.link('OSLO').enter('ready', 'MQTT 3.1.1');
      replicator.brokers.set('OSLO', { received: 12, published: 9, dropped: {} });
      const status = (await json('/api/v1/status')) as Status;
      expect(status).to.include({ version: '1.2.3', replica: 'us', mergeFrequency: 4, hidesPayloads: false });
      expect(status.topics).to.deep.equal({ converged: 3, diverging: 1, blocked: 0, deleted: 2 });
      expect(status.brokers.map(({ name }) => name)).to.deep.equal(['OSLO', 'PARIS']);
      expect(status.brokers[0]).to.deep.include({
        state: 'ready',
        protocol: '3.1.1',
        received: 12,
        published: 9,
        pending: 1,
        waiting: 2,
        behind: 3,
        roundTrip: 5,
      });
    });

    for (const [path, question] of [
      ['topics', { kind: 'topics', filter: '', which: 'all', after: null, limit: 100 }],
      [
        'topics?filter=a/%2B/%23&diverging=true&after=a%2Fb&limit=7',
        { kind: 'topics', filter: 'a/+/#', which: 'diverging', after: 'a/b', limit: 7 },
      ],
      ['topics?after=', { kind: 'topics', filter: '', which: 'all', after: '', limit: 100 }],
      ['tree', { kind: 'level', under: '', after: null, limit: 100 }],
      ['tree?under=a/b/&after=&limit=200', { kind: 'level', under: 'a/b/', after: '', limit: 200 }],
      ['topics/a%2Fb', { kind: 'topic', topic: 'a/b' }],
      ['topics/a/b', { kind: 'topic', topic: 'a/b' }],
      ['topics/%E2%82%AC%20', { kind: 'topic', topic: '€ ' }],
    ] satisfies [string, ReconcilerRequest][]) {
      it(`understands ${path}`, async () => {
        replicator.answer = () => ({ answered: true });
        expect(await json(`/api/v1/${path}`)).to.deep.equal({ answered: true });
        expect(replicator.questions).to.deep.equal([question]);
      });
    }

    it('takes the topic `..` as a topic, not as the parent folder', async () => {
      replicator.answer = () => ({ answered: true });
      await raw(served.port, headOf('/api/v1/topics/..', 'Host: localhost'));
      await raw(served.port, headOf('/api/v1/topics/a/../b', 'Host: localhost'));
      expect(replicator.questions).to.deep.equal([
        { kind: 'topic', topic: '..' },
        { kind: 'topic', topic: 'a/../b' },
      ]);
    });

    it('answers 404 for a topic that does not exist', async () => {
      expect((await get('/api/v1/topics/none')).status).to.equal(404);
    });

    it('answers 404 for the route from a broker that does not exist', async () => {
      expect((await get('/api/v1/route?topic=a&from=ROME')).status).to.equal(404);
    });

    for (const path of [
      'topics?limit=0',
      'topics?limit=201',
      'topics?limit=ten',
      'topics?diverging=perhaps',
      'tree?under=a',
      'topics/%',
      'topics/%ff',
      'route',
      'route?topic=a/%23',
      `topics?filter=${'a'.repeat(70_000)}`,
    ]) {
      it(`refuses ${path.slice(0, 40)}`, async () => {
        const response = await get(`/api/v1/${path}`).catch((error: Error) => error);
        // Too long a head is refused before it is read.
        expect(response).to.have.property('status').that.is.oneOf([400, 431]);
        expect(replicator.questions).to.deep.equal([]);
      });
    }

    it('answers 503 if the reconciler does not answer in time', async () => {
      replicator.answer = () => {
        throw new NoResponseError('no answer came within 5000 ms');
      };
      const response = await get('/api/v1/topics');
      expect(response.status).to.equal(503);
      expect(await response.json()).to.deep.equal({ error: 'no answer came within 5000 ms' });
    });

    it('reveals no internals when it fails', async () => {
      replicator.answer = () => {
        throw new Error('at /home/duck/lib/secret.ts');
      };
      const response = await get('/api/v1/topics');
      expect(response.status).to.equal(500);
      expect(await response.text()).not.to.contain('duck');
    });

    it('sends at most 16 requests to the reconciler at once, and answers 503 to others', async () => {
      let release: (answer: unknown) => void = () => undefined;
      const held = new Promise(resolve => {
        release = resolve;
      });
      replicator.answer = () => held;
      const asked = Array.from({ length: 17 }, () => get('/api/v1/topics'));
      const first = await Promise.race(asked);
      expect(first.status).to.equal(503);
      release({ topics: [] });
      const statuses = (await Promise.all(asked)).map(({ status }) => status).toSorted();
      expect(statuses).to.deep.equal([...new Array(16).fill(200), 503]);
    });

    it('asks the actors at most five times a second, however many clients ask', async () => {
      await Promise.all(Array.from({ length: 50 }, () => get('/api/v1/status')));
      expect(replicator.measured).to.be.below(10);
    });
  });

  it('answers 404 for every other path', async () => {
    for (const path of ['/api', '/api/v1', '/api/v2/status', '/metrics/', '/../package.json', '/%2e%2e/x']) {
      expect((await get(path)).status, path).to.equal(404);
    }
    expect(await raw(served.port, headOf('/../../package.json', 'Host: localhost'))).to.match(
      /^HTTP\/1.1 404 /,
    );
  });
});
