/** What the API tells of one broker. */

import { expect } from 'chai';
import type { BrokerDetails } from '../../lib/status/api.ts';
import type { BrokerPlan } from '../../lib/supervisor/run.ts';
import { FakeReplicator } from './fake-replicator.ts';
import { type Served, serve } from './served.ts';

describe('GET /api/v1/brokers/{name}', () => {
  let replicator: FakeReplicator;
  let served: Served;

  beforeEach(async () => {
    replicator = new FakeReplicator('OSLO');
    served = await serve(replicator);
  });

  afterEach(() => served.close());

  const ask = (name: string) => fetch(`${served.url}api/v1/brokers/${name}`);

  it('tells the address without credentials, the filters, the limits, the last problems and the topics', async () => {
    const refused = [{ topic: 't', reason: 'not authorized', since: 1, retryAt: null }];
    replicator.answer = () => ({ refused, lagging: [], comparison: null });
    replicator.link('OSLO').logged('info', 'connected with MQTT 5', 1);
    replicator.link('OSLO').logged('warn', 'connection lost (ECONNRESET)', 2);
    const answer = await ask('OSLO');
    expect(answer.status).to.equal(200);
    expect((await answer.json()) as BrokerDetails).to.deep.equal({
      name: 'OSLO',
      url: 'mqtt://***@OSLO:1883',
      filters: ['#'],
      limits: replicator.limits,
      problems: [{ at: 2, level: 'warn', text: 'connection lost (ECONNRESET)' }],
      refused,
      lagging: [],
      comparison: null,
    });
    expect(replicator.questions).to.deep.equal([{ kind: 'broker-topics', broker: 'OSLO' }]);
  });

  it('tells the filters of event topics too', async () => {
    const plan = replicator.plan('OSLO');
    if (plan === undefined) throw new Error('there is no plan');
    const events = { subscriptions: [{ filter: 'commands/#', qos: 1 }] } as unknown as BrokerPlan['events'];
    replicator.plans.set('OSLO', { ...plan, ...(events && { events }) });
    const details = (await (await ask('OSLO')).json()) as BrokerDetails;
    expect(details.filters).to.deep.equal(['#', 'commands/#']);
  });

  it('tells no limits if the worker does not answer', async () => {
    replicator.askBroker = () => Promise.reject(new Error('parked'));
    const details = (await (await ask('OSLO')).json()) as BrokerDetails;
    expect(details).to.include({ name: 'OSLO', limits: null });
  });

  it('answers 404 for another name, and 400 for a wrong percent-encoding', async () => {
    expect((await ask('LIMA')).status).to.equal(404);
    expect((await ask('%zz')).status).to.equal(400);
  });
});
