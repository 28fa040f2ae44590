/** `maxRate` and `maxBytesPerSecond`: what mqttrep publishes to a broker is kept within 5 %. */

import { expect } from 'chai';
import type { Status } from '../../lib/status/api.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { LimitedBroker } from '../support/limits/limited-broker.ts';
import type { Published } from '../support/limits/rules.ts';
import { arrived, eventEnvironment, flowing, numbered } from './event-fixture.ts';
import { fixtureHooks } from './fixture-hooks.ts';
import { mosquittos, patience } from './replication-fixture.ts';

/** Messages a second over the time from the first to the last one. */
function rateOf(published: readonly Published[]): number {
  const seconds = ((published.at(-1)?.at ?? 0) - (published[0]?.at ?? 0)) / 1_000;
  return (published.length - 1) / seconds;
}

describe('A broker with a limited rate', function () {
  this.timeout(12 * patience);
  const fixtures = fixtureHooks();

  async function start(config: Readonly<Record<string, unknown>>, environment = {}) {
    const brokers = await mosquittos(['OSLO', 'PARIS']);
    const limited = await LimitedBroker.before(brokers.PARIS.port, {});
    const fixture = await fixtures.start({
      brokers,
      links: { PARIS: limited },
      configs: { PARIS: config },
      environment,
    });
    return { fixture, limited };
  }

  it('gets at most 105 messages a second of a flood, and the newest value of each topic', async () => {
    const port = await freePort();
    const { fixture, limited } = await start({ maxRate: 100 }, { MQTTREP_HTTP: String(port) });
    const oslo = await fixture.client('OSLO');
    const first = limited.published.length;
    const written = new Map<string, string>();
    const begin = performance.now();
    for (let count = 0; performance.now() - begin < 8_000; ) {
      // 2,000 messages a second over 50 topics.
      for (const due = ((performance.now() - begin) / 1_000) * 2_000; count < due; count++) {
        const topic = `flood/${count % 50}`;
        written.set(topic, `value ${count}`);
        void oslo.publish(topic, `value ${count}`, { retain: true, qos: 0 });
      }
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const sent = limited.published.slice(first);
    expect(sent.length).to.be.at.least(400);
    expect(rateOf(sent)).to.be.at.most(105);
    for (const [topic, value] of written) await fixture.retainedAt(['PARIS'], topic, value);
    expect(limited.closings).to.deep.equal([]);
    const status = (await (await fetch(`http://127.0.0.1:${port}/api/v1/status`)).json()) as Status;
    expect(status.brokers.find(({ name }) => name === 'PARIS')?.heldBack['rate']).to.be.greaterThan(0);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const [, waited] = /mqttrep_rate_wait_seconds_total\{broker="PARIS"\} (\S+)/.exec(metrics) ?? [];
    expect(Number(waited)).to.be.greaterThan(2);
    expect(metrics).to.contain('mqttrep_rate_wait_seconds_total{broker="OSLO"} 0');
  });

  it('gets at most so many bytes a second', async () => {
    const { fixture, limited } = await start({ maxBytesPerSecond: 50_000 });
    const first = limited.published.length;
    const topics = Array.from({ length: 40 }, (_, index) => `large/${index}`);
    for (const topic of topics) await fixture.publish('OSLO', topic, 'x'.repeat(5_000), { retain: true });
    for (const topic of topics) await fixture.retainedAt(['PARIS'], topic, 'x'.repeat(5_000));
    const sent = limited.published.slice(first);
    const bytes = sent.slice(1).reduce((sum, one) => sum + one.bytes, 0);
    const seconds = ((sent.at(-1)?.at ?? 0) - (sent[0]?.at ?? 0)) / 1_000;
    // One message may follow at once.
    expect((bytes - 5_100) / seconds).to.be.at.most(52_500);
  });

  it('gets all events, in their order', async () => {
    const { environment, port } = await eventEnvironment();
    const { fixture, limited } = await start({ maxRate: 100 }, environment);
    await flowing(port, fixture.sites);
    await fixture.watchAll();
    const first = limited.published.length;
    const oslo = await fixture.client('OSLO');
    const payloads = numbered('step', 500);
    await Promise.all(payloads.map(payload => oslo.publish('cmd/lamp', payload)));
    await arrived(fixture, 'PARIS', 'cmd/lamp', payloads);
    const sent = limited.published.slice(first);
    expect(sent.length).to.be.at.least(500);
    expect(rateOf(sent)).to.be.at.most(105);
  });

  it('gets the newest value of state while events use up the rate', async () => {
    const { environment, port } = await eventEnvironment();
    const { fixture } = await start({ maxRate: 50 }, environment);
    await flowing(port, fixture.sites);
    const oslo = await fixture.client('OSLO');
    for (const payload of numbered('step', 400)) void oslo.publish('cmd/lamp', payload);
    for (let count = 0; count < 100; count++)
      await oslo.publish('home/door', `value ${count}`, { retain: true });
    await eventually(() => fixture.retainedAt(['PARIS'], 'home/door', 'value 99'), { within: 4_000 });
    expect((await fixture.seen('PARIS', 'cmd/lamp')).length).to.be.lessThan(400);
  });
});
