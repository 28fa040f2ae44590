/** What goes out is windowed, completed in order however it is acknowledged, and reported once. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { SENDER, STAMP } from '../../../lib/protocol/properties.ts';
import { Fixture, US, VERSION, WINDOW } from './outbox-fixture.ts';

/** Packed: all five kinds of them are absent. */
const NO_PROPERTIES = '[null,null,null,null,[]]';

describe('Outbox', () => {
  const windows: readonly (readonly [receiveMaximum: number, window: number])[] = [
    [10, 10],
    [1, 1],
    [0, 1],
    [65_535, WINDOW],
  ];
  for (const [receiveMaximum, window] of windows) {
    it(`has ${window} publishes in flight if the broker accepts ${receiveMaximum}`, async () => {
      const fixture = new Fixture({ receiveMaximum }).addMany(300);
      expect(fixture.sent).to.have.lengthOf(window);
      await fixture.acknowledge([0]);
      expect(fixture.sent).to.have.lengthOf(window + 1);
    });
  }

  it('publishes in the order of the batches', () => {
    const fixture = new Fixture().add({ topic: 'a' }, { topic: 'b' }).add().add({ topic: 'c' });
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['a', 'b', 'c']);
  });

  it('publishes a quarantined topic alone and last if there is no side connection', async () => {
    const fixture = new Fixture();
    fixture.hasSideConnection = false;
    fixture.quarantined.add('bad').add('worse');
    fixture.add({ topic: 'bad' }, { topic: 'a' }, { topic: 'worse' }, { topic: 'b' });
    const topics = () => fixture.sent.map(({ topic }) => topic);
    expect(topics()).to.deep.equal(['a', 'b']);
    expect(await fixture.acknowledge([0])).to.include({ completedUpTo: 0 });
    expect(topics()).to.deep.equal(['a', 'b']);
    expect(await fixture.acknowledge([1])).to.include({ completedUpTo: 0 });
    expect(topics()).to.deep.equal(['a', 'b', 'bad']);
    fixture.add({ topic: 'c' });
    expect(topics()).to.deep.equal(['a', 'b', 'bad']);
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 2 });
    expect(topics()).to.deep.equal(['a', 'b', 'bad', 'c']);
    await fixture.acknowledge([3]);
    expect(topics()).to.deep.equal(['a', 'b', 'bad', 'c', 'worse']);
    expect(await fixture.acknowledge([4])).to.include({ completedUpTo: 5 });
  });

  it('reports the topics that the broker does not acknowledge, without those that were not sent', () => {
    const clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const fixture = new Fixture();
    fixture.barred.add('bad');
    fixture.add({ topic: 'bad' }, { topic: 'a' }, { topic: 'b', qos: 0 }, { topic: 'c', qos: 2 });
    clock.tick(65_000);
    expect(fixture.overdue).to.deep.equal([['a', 'c']]);
    fixture.outbox.close();
    expect(clock.countTimers()).to.equal(0);
    clock.restore();
  });

  it('does not send a topic that the broker is known to hang up on, and reports it', async () => {
    const fixture = new Fixture();
    fixture.barred.add('bad');
    const reported = fixture.acknowledge([]);
    fixture.add({ topic: 'bad' }, { topic: 'a' });
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['a']);
    const { refused } = await reported;
    expect(refused).to.have.length(1);
    expect(refused[0]).to.include({ topic: 'bad', scope: 'topic', reason: 'barred' });
    expect(fixture.outbox.counters).to.include({ refused_by_topic: 1 });
  });

  it('publishes with at most the granted QoS, once that is known', () => {
    const fixture = new Fixture().add({ topic: 'a', qos: 2 });
    fixture.outbox.lowerQos(1);
    fixture.add({ topic: 'b', qos: 2 }, { topic: 'c', qos: 0 });
    expect(fixture.sent.map(({ options }) => options['qos'])).to.deep.equal([2, 1, 0]);
  });

  it('publishes everything as acknowledgements arrive', async () => {
    const fixture = new Fixture({ receiveMaximum: 3 }).addMany(10);
    for (let index = 0; index < 10; index++) await fixture.acknowledge([index]);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(
      Array.from({ length: 10 }, (_, i) => `t${i}`),
    );
    expect(fixture.reports.at(-1)).to.include({ completedUpTo: 10 });
    expect(fixture.outbox.counters.published).to.equal(10);
  });

  it('completes in order, though acknowledgements arrive out of order', async () => {
    const fixture = new Fixture().addMany(4);
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 0 });
    expect(await fixture.acknowledge([0])).to.include({ completedUpTo: 1 });
    expect(await fixture.acknowledge([3])).to.include({ completedUpTo: 1 });
    expect(await fixture.acknowledge([1])).to.include({ completedUpTo: 4 });
  });

  it('reports once a turn, and counts each byte once, with those of topics and properties', async () => {
    const fixture = new Fixture().add(
      { topic: 'ä', payload: '12345' },
      { topic: 'b', payload: '123', properties: NO_PROPERTIES },
    );
    await fixture.acknowledge([0, 1]);
    expect(fixture.reports).to.have.lengthOf(1);
    expect(fixture.reports[0]).to.include({ completedUpTo: 2, bytes: 7 + 4 + NO_PROPERTIES.length });
    fixture.add({ topic: 'c', payload: '1' });
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 3, bytes: 2 });
  });

  it('confirms once each publication that asks for it', async () => {
    const fixture = new Fixture().add({ topic: 'a', hasNoEcho: true }, { topic: 'b' });
    const first = await fixture.acknowledge([0, 1]);
    expect(first.acknowledged).to.deep.equal([{ topic: 'a', version: VERSION }]);
    fixture.add({ topic: 'c' });
    expect((await fixture.acknowledge([2])).acknowledged).to.deep.equal([]);
  });

  it('reports a refused publication, and goes on', async () => {
    const fixture = new Fixture({ receiveMaximum: 1 }).add({ topic: 'a', hasNoEcho: true }, { topic: 'b' });
    const report = await fixture.acknowledge([0], new Error('not authorized'));
    expect(report).to.deep.include({
      completedUpTo: 1,
      acknowledged: [],
      refused: [{ topic: 'a', version: VERSION, reason: 'not authorized', scope: 'topic', isLogged: false }],
    });
    expect(fixture.sent.at(-1)?.topic).to.equal('b');
  });

  it('publishes and reports nothing after it was closed', async () => {
    const fixture = new Fixture({ receiveMaximum: 1 }).addMany(3);
    fixture.outbox.close();
    fixture.sent[0]?.done();
    await turn();
    fixture.addMany(1);
    expect(fixture.sent).to.have.lengthOf(1);
    expect(fixture.reports).to.deep.equal([]);
  });

  it('reports nothing after it was closed, even acknowledgements from before', async () => {
    const fixture = new Fixture().addMany(1);
    fixture.sent[0]?.done();
    fixture.outbox.close();
    await turn();
    expect(fixture.reports).to.deep.equal([]);
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

  it('refuses a packet that is too large for the broker, and goes on', async () => {
    const fixture = new Fixture({ protocolVersion: 4, maximumPacketSize: 20, receiveMaximum: 1 });
    // Fixed header 2, topic 3, packet id 2: a payload of 13 makes 20.
    fixture.add(
      { topic: 'a', payload: 'x'.repeat(14) },
      { topic: 'b', payload: 'x'.repeat(13) },
      { topic: 'c', payload: 'x'.repeat(14), qos: 0 },
    );
    await turn();
    await fixture.acknowledge([0]);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['b', 'c']);
    expect(fixture.outbox.counters).to.include({ refused_too_large: 1 });
    const refused = fixture.reports.flatMap(report => report.refused);
    expect(refused).to.have.length(1);
    expect(refused[0]).to.include({ topic: 'a', scope: 'value' });
    expect(refused[0]?.reason).to.contain('21 bytes').and.contain('20');
    expect(fixture.acknowledged).to.deep.equal([20]);
  });

  it('refuses only the malformed value, and publishes the next one', async () => {
    const twice = '[null,["a","b"],null,null,[]]';
    const fixture = new Fixture().add(
      { topic: 'a', properties: twice },
      { topic: 'b', properties: 'no JSON' },
      { topic: 'c', properties: '[null,null,null,null,[["name","\\u0001"]]]' },
      { topic: 'd', expiresAt: Number.NaN },
      { topic: 'e\u0001' },
      { topic: 'f', version: { ...VERSION, replica: '\u009b' } },
      { topic: 'good', properties: '[null,"a",null,null,[]]' },
    );
    await turn();
    await fixture.acknowledge([0]);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['good']);
    expect(fixture.outbox.counters).to.include({ refused_malformed: 6, refused_by_broker: 0 });
    const refused = fixture.reports.flatMap(report => report.refused);
    expect(refused.map(({ topic }) => topic)).to.deep.equal(['a', 'b', 'c', 'd', 'e\u0001', 'f']);
    for (const { scope, reason } of refused) {
      expect(scope).to.equal('value');
      expect(reason).to.contain('this value is not sent');
    }
  });

  it('refuses only the publication on which MQTT.js throws', async () => {
    const fixture = new Fixture();
    fixture.throwsAt.add('bad');
    fixture.add({ topic: 'bad' }, { topic: 'good' });
    await turn();
    await fixture.acknowledge([0]);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['good']);
    const [refused] = fixture.reports.flatMap(report => report.refused);
    expect(refused).to.include({ topic: 'bad', scope: 'value', reason: 'thrown; this value is not sent' });
  });

  it('limits the message expiry to what MQTT allows if the clock was set back', () => {
    const fixture = new Fixture().add({ topic: 'a', expiresAt: Date.now() + 2 ** 33 * 1_000 });
    const properties = fixture.sent[0]?.options['properties'] as { messageExpiryInterval: number };
    expect(properties.messageExpiryInterval).to.equal(2 ** 32 - 1);
  });

  it('tells the sizes of unacknowledged publishes when the connection ends', async () => {
    const fixture = new Fixture({ protocolVersion: 4 }).add(
      { topic: 'a' },
      { topic: 'bcd' },
      { topic: 'e', qos: 0 },
    );
    fixture.hasEnded = true;
    fixture.sent[1]?.done(new Error('the connection was closed'));
    expect(fixture.outbox.possibleCauses.map(({ size }) => size).sort()).to.deep.equal([0, 10, 8]);
  });

  it('counts the last acknowledged publish, and those just written with QoS 0, as possible causes', async () => {
    const fixture = new Fixture().add(
      { topic: 'first' },
      { topic: 'last' },
      { topic: 'written', qos: 0 },
      { topic: 'open' },
    );
    await fixture.acknowledge([0, 1, 2]);
    fixture.hasEnded = true;
    const topics = fixture.outbox.possibleCauses.map(({ topic }) => topic);
    expect(topics).to.have.members(['open', 'written', 'last']);
  });

  it('never counts a control topic as a possible cause', () => {
    const fixture = new Fixture().add({ topic: 'mqttrep/us/marker/OSLO' }, { topic: 'a' });
    expect(fixture.outbox.possibleCauses.map(({ topic }) => topic)).to.deep.equal(['a']);
  });

  it('hands a quarantined topic to the QuarantinePublisher, and publishes all others', async () => {
    const fixture = new Fixture();
    fixture.quarantined.add('bad');
    fixture.add({ topic: 'bad', payload: '123' }, { topic: 'a' }, { topic: 'bad', payload: '45' });
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['a']);
    expect(fixture.inQuarantine.map(({ payload }) => payload.toString())).to.deep.equal(['123', '45']);
    const report = await fixture.acknowledge([0]);
    const bytes = 'bad123'.length + 'ax'.length + 'bad45'.length;
    expect(report).to.deep.include({ completedUpTo: 3, bytes, quarantined: ['bad'], released: [] });
  });

  it('publishes what waited in quarantine before all later publications, once the topic was accepted', async () => {
    const fixture = new Fixture({ receiveMaximum: 1 });
    fixture.quarantined.add('t');
    fixture.add({ topic: 't', payload: '1' }, { topic: 't', payload: '2' }, { topic: 'a' });
    const [first, second] = fixture.inQuarantine;
    if (first === undefined || second === undefined) throw new Error('nothing was tried');
    fixture.quarantined.delete('t');
    fixture.add({ topic: 't', payload: '3' });
    fixture.outbox.completedInQuarantine(first, undefined);
    fixture.outbox.freed('t', [second]);
    const report = await fixture.acknowledge([0]);
    expect(report).to.deep.include({ released: ['t'], refused: [] });
    await fixture.acknowledge([1]);
    expect(fixture.sent.map(({ payload }) => payload)).to.deep.equal(['x', '2', '3']);
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 4 });
  });

  it('reports a failure in quarantine as refused', async () => {
    const fixture = new Fixture();
    fixture.quarantined.add('bad');
    const reported = fixture.acknowledge([]);
    fixture.add({ topic: 'bad' });
    const [publication] = fixture.inQuarantine;
    if (publication === undefined) throw new Error('nothing was tried');
    fixture.outbox.completedInQuarantine(publication, {
      reason: 'it hangs up',
      scope: 'topic',
      isLogged: true,
    });
    expect((await reported).refused).to.deep.equal([
      { topic: 'bad', version: VERSION, reason: 'it hangs up', scope: 'topic', isLogged: true },
    ]);
  });

  it('reports whether the reason code denies the topic, and does not quarantine such a topic', async () => {
    const fixture = new Fixture().add({ topic: 'a' }, { topic: 'b' });
    await fixture.acknowledge([0], Object.assign(new Error('Publish error: Not authorized'), { code: 0x87 }));
    await fixture.acknowledge([1], Object.assign(new Error('Publish error: Quota exceeded'), { code: 0x97 }));
    const refused = fixture.reports.flatMap(({ refused }) => refused);
    expect(refused.map(({ topic, scope }) => [topic, scope])).to.deep.equal([
      ['a', 'right'],
      ['b', 'topic'],
    ]);
    expect(fixture.quarantined.size).to.equal(0);
  });

  it('reports whether a refused message was transient', async () => {
    const fixture = new Fixture().add({ topic: 'a', retain: false }, { topic: 'b', retain: true });
    await fixture.acknowledge(
      [0, 1],
      Object.assign(new Error('Publish error: Not authorized'), { code: 0x87 }),
    );
    const refused = fixture.reports.flatMap(({ refused }) => refused);
    expect(refused.map(({ isTransient }) => isTransient)).to.deep.equal([true, undefined]);
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
