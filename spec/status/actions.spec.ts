/** Actions at a broker: off by default, by POST only, and only with the token. */

import { expect } from 'chai';
import { FakeReplicator } from './fake-replicator.ts';
import { type Served, serve } from './served.ts';

const TOKEN = 'sixteen-characters';
const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };

describe('Actions at a broker', () => {
  let replicator: FakeReplicator;
  let served: Served;

  afterEach(() => served.close());

  async function begin(allowsActions: boolean): Promise<void> {
    replicator = new FakeReplicator('OSLO', 'PARIS');
    served = await serve(replicator, { token: TOKEN, allowsActions });
  }

  async function post(path: string, headers: Record<string, string> = WITH_TOKEN) {
    const answer = await fetch(`${served.url}api/v1/brokers/${path}`, { method: 'POST', headers });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  it('are off unless MQTTREP_HTTP_ACTIONS is true, and the answer says so', async () => {
    await begin(false);
    for (const action of ['compare', 'retry', 'pause', 'resume']) {
      const { status, body } = await post(`OSLO/${action}`);
      expect(status, action).to.equal(403);
      expect(body['error'], action).to.contain('MQTTREP_HTTP_ACTIONS=true');
    }
    expect(replicator.paused).to.deep.equal([]);
    expect(replicator.questions).to.deep.equal([]);
  });

  it('need the token, and POST', async () => {
    await begin(true);
    expect((await post('OSLO/pause', {})).status).to.equal(401);
    const read = await fetch(`${served.url}api/v1/brokers/OSLO/pause`, { headers: WITH_TOKEN });
    expect(read.status).to.equal(405);
    expect(read.headers.get('allow')).to.equal('POST');
    expect(replicator.paused).to.deep.equal([]);
  });

  it('are refused if another site has the browser send them', async () => {
    await begin(true);
    const { status } = await post('OSLO/pause', { ...WITH_TOKEN, 'sec-fetch-site': 'cross-site' });
    expect(status).to.equal(403);
    expect(replicator.paused).to.deep.equal([]);
  });

  it('pause and resume a broker', async () => {
    await begin(true);
    expect(await post('OSLO/pause')).to.deep.equal({ status: 200, body: { isBegun: true, topics: null } });
    expect(await post('OSLO/resume')).to.deep.equal({ status: 200, body: { isBegun: true, topics: null } });
    expect(replicator.paused).to.deep.equal(['pause OSLO', 'resume OSLO']);
    expect((await post('LIMA/pause')).status).to.equal(404);
    expect((await post('%zz/pause')).status).to.equal(400);
  });

  it('ask the reconciler to compare a broker, or to retry what it refused', async () => {
    await begin(true);
    replicator.answer = () => ({ isBegun: true, topics: 7 });
    expect(await post('PARIS/retry')).to.deep.equal({ status: 200, body: { isBegun: true, topics: 7 } });
    await post('PARIS/compare');
    expect(replicator.questions).to.deep.equal([
      { kind: 'action', broker: 'PARIS', action: 'retry' },
      { kind: 'action', broker: 'PARIS', action: 'compare' },
    ]);
  });

  it('tell why they did not begin', async () => {
    await begin(true);
    replicator.answer = () => ({ isBegun: false, reason: 'the broker is not connected' });
    const { status, body } = await post('PARIS/compare');
    expect(status).to.equal(409);
    expect(body).to.include({ isBegun: false, error: 'the broker is not connected' });
  });
});
