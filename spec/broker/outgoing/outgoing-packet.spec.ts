/** What a publish looks like at the broker: QoS, retain flag, expiry and stamps are as the broker takes them. */

import { expect } from 'chai';
import { SENDER, STAMP } from '../../../lib/protocol/properties.ts';
import { Fixture, US, VERSION } from './outbox-fixture.ts';

describe('Outbox', () => {
  it('publishes with at most the granted QoS, once that is known', () => {
    const fixture = new Fixture().add({ topic: 'a', qos: 2 });
    fixture.outbox.lowerQos(1);
    fixture.add({ topic: 'b', qos: 2 }, { topic: 'c', qos: 0 });
    expect(fixture.sent.map(({ options }) => options['qos'])).to.deep.equal([2, 1, 0]);
  });

  for (const [maxQos, qos, sent] of [
    [2, 2, 2],
    [1, 2, 1],
    [0, 2, 0],
    [2, 0, 0],
  ] as const) {
    it(`publishes QoS ${qos} as ${sent} if the broker accepts at most ${maxQos}`, () => {
      expect(new Fixture({ maxQos }).add({ topic: 'a', qos }).sent[0]?.options).to.include({ qos: sent });
    });
  }

  it('counts publishes with a lowered QoS', () => {
    const fixture = new Fixture({ maxQos: 1 }).add({ topic: 'a', qos: 2 }, { topic: 'b', qos: 1 });
    expect(fixture.outbox.counters).to.include({ lowered_qos: 1 });
  });

  it('publishes without the retain flag if the broker retains nothing, and counts it', () => {
    const fixture = new Fixture({ retains: false }).add({ topic: 'a' }, { topic: 'b', retain: false });
    expect(fixture.sent.map(({ options }) => options['retain'])).to.deep.equal([false, false]);
    expect(fixture.outbox.counters).to.include({ published_unretained: 1 });
  });

  it('limits the message expiry to what MQTT allows if the clock was set back', () => {
    const fixture = new Fixture().add({ topic: 'a', expiresAt: Date.now() + 2 ** 33 * 1_000 });
    const properties = fixture.sent[0]?.options['properties'] as { messageExpiryInterval: number };
    expect(properties.messageExpiryInterval).to.equal(2 ** 32 - 1);
  });

  it('stamps messages over MQTT 5', () => {
    const [sent] = new Fixture().add({ topic: 'a', payload: 'é', retain: false }).sent;
    expect(sent?.payload).to.equal(Buffer.from('é', 'latin1').toString());
    expect(sent?.options).to.include({ retain: false });
    const properties = sent?.options['properties'] as { userProperties: object };
    const sender = US.sender({ topic: 'a', payload: Buffer.from('é', 'latin1'), properties: '' }, VERSION);
    expect({ ...properties.userProperties }).to.deep.equal({ [STAMP]: '10.1.other', [SENDER]: sender });
  });

  it('sends no properties over MQTT 3.1.1', () => {
    expect(new Fixture({ protocolVersion: 4 }).add({ topic: 'a' }).sent[0]?.options).to.deep.equal({
      qos: 1,
      retain: true,
    });
  });

  for (const [left, seconds] of [
    [10_000, 10],
    [1_500, 2],
    [1, 1],
    [-5_000, 1],
  ] as const) {
    it(`gives a message with ${left} ms left an expiry of ${seconds} s`, () => {
      const fixture = new Fixture().add({ topic: 'a', expiresAt: Date.now() + left });
      const properties = fixture.sent[0]?.options['properties'] as { messageExpiryInterval: number };
      expect(properties.messageExpiryInterval).to.equal(seconds);
    });
  }
});
