/** The server accepts decisions of a person only by POST, with the token, and not for another site. */

import { expect } from 'chai';
import { FakeReplicator } from './fake-replicator.ts';
import { type Served, serve } from './served.ts';

const TOKEN = 's3cret-of-sixteen';
const CONFIRM = '/api/v1/brokers/PARIS%202/deletions/confirm';

describe('a decision about held deletions', () => {
  let replicator: FakeReplicator;
  let served: Served;

  beforeEach(async () => {
    replicator = new FakeReplicator('OSLO', 'PARIS');
    replicator.answer = () => ({ topics: 300 });
    served = await serve(replicator);
  });

  afterEach(() => served.close());

  const post = (path: string, headers: Record<string, string> = {}, method = 'POST') =>
    fetch(new URL(path, served.url), { method, headers });

  it('goes to the reconciler, and the answer has the number of topics', async () => {
    const response = await post(CONFIRM);
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ topics: 300 });
    await post('/api/v1/brokers/OSLO/deletions/refuse');
    expect(replicator.questions).to.deep.equal([
      { kind: 'deletions', broker: 'PARIS 2', decision: 'confirm' },
      { kind: 'deletions', broker: 'OSLO', decision: 'refuse' },
    ]);
  });

  it('is refused if there is no such broker or no such decision', async () => {
    replicator.answer = () => null;
    expect((await post(CONFIRM)).status).to.equal(404);
    expect((await post('/api/v1/brokers/OSLO/deletions/%00')).status).to.equal(405);
    expect((await post('/api/v1/brokers/%zz/deletions/confirm')).status).to.equal(400);
  });

  it('is accepted only by POST', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await post(CONFIRM, {}, method);
      expect(response.status, method).to.equal(405);
      expect(response.headers.get('allow')).to.equal('POST');
    }
    expect(replicator.questions).to.deep.equal([]);
  });

  it('is refused if a browser sends it for another site', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${served.port + 1}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: served.url.slice(0, -1) },
    ]) {
      expect((await post(CONFIRM, headers)).status, JSON.stringify(headers)).to.equal(403);
    }
    expect(replicator.questions).to.deep.equal([]);
  });

  it('is accepted from the page itself', async () => {
    const response = await post(CONFIRM, {
      origin: served.url.slice(0, -1),
      'sec-fetch-site': 'same-origin',
    });
    expect(response.status).to.equal(200);
  });

  it('needs the token if one is set', async () => {
    await served.close();
    served = await serve(replicator, { token: TOKEN });
    expect((await post(CONFIRM)).status).to.equal(401);
    expect((await post(CONFIRM, { authorization: `Bearer ${TOKEN}x` })).status).to.equal(401);
    expect(replicator.questions).to.deep.equal([]);
    expect((await post(CONFIRM, { authorization: `Bearer ${TOKEN}` })).status).to.equal(200);
  });
});
