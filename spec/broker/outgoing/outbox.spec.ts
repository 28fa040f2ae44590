/** What goes out is windowed, settled in order however it is acknowledged, and reported once. */

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
    it(`sends ${window} at once where the broker takes ${receiveMaximum}`, async () => {
      const fixture = new Fixture({ receiveMaximum }).addMany(300);
      expect(fixture.sent).to.have.lengthOf(window);
      await fixture.acknowledge([0]);
      expect(fixture.sent).to.have.lengthOf(window + 1);
    });
  }

  it('sends in the order of the batches', () => {
    const fixture = new Fixture().add({ topic: 'a' }, { topic: 'b' }).add().add({ topic: 'c' });
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['a', 'b', 'c']);
  });

  it('sends what is in quarantine after all others, and alone, where there are no trials', async () => {
    const fixture = new Fixture();
    fixture.hasTrials = false;
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

  it('says which topics the broker does not acknowledge; what it was not sent is none of them', () => {
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

  it('does not send what the broker is known to hang up on, and says so', async () => {
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

  it('publishes with no more than the QoS that was granted, once that is known', () => {
    const fixture = new Fixture().add({ topic: 'a', qos: 2 });
    fixture.outbox.lowerQos(1);
    fixture.add({ topic: 'b', qos: 2 }, { topic: 'c', qos: 0 });
    expect(fixture.sent.map(({ options }) => options['qos'])).to.deep.equal([2, 1, 0]);
  });

  it('sends all, as acknowledgements come', async () => {
    const fixture = new Fixture({ receiveMaximum: 3 }).addMany(10);
    for (let index = 0; index < 10; index++) await fixture.acknowledge([index]);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(
      Array.from({ length: 10 }, (_, i) => `t${i}`),
    );
    expect(fixture.reports.at(-1)).to.include({ completedUpTo: 10 });
    expect(fixture.outbox.counters.published).to.equal(10);
  });

  it('settles in order, though acknowledgements come out of order', async () => {
    const fixture = new Fixture().addMany(4);
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 0 });
    expect(await fixture.acknowledge([0])).to.include({ completedUpTo: 1 });
    expect(await fixture.acknowledge([3])).to.include({ completedUpTo: 1 });
    expect(await fixture.acknowledge([1])).to.include({ completedUpTo: 4 });
  });

  it('reports once for all of a turn, and counts each byte once, those of names and properties too', async () => {
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

  it('confirms those that were to be confirmed, once', async () => {
    const fixture = new Fixture().add({ topic: 'a', confirm: true }, { topic: 'b' });
    const first = await fixture.acknowledge([0, 1]);
    expect(first.acknowledged).to.deep.equal([{ topic: 'a', version: VERSION }]);
    fixture.add({ topic: 'c' });
    expect((await fixture.acknowledge([2])).acknowledged).to.deep.equal([]);
  });

  it('reports what was refused, and goes on', async () => {
    const fixture = new Fixture({ receiveMaximum: 1 }).add({ topic: 'a', confirm: true }, { topic: 'b' });
    const report = await fixture.acknowledge([0], new Error('not authorized'));
    expect(report).to.deep.include({
      completedUpTo: 1,
      acknowledged: [],
      refused: [{ topic: 'a', version: VERSION, reason: 'not authorized', scope: 'topic', isLogged: false }],
    });
    expect(fixture.sent.at(-1)?.topic).to.equal('b');
  });

  it('sends and reports nothing after it was closed', async () => {
    const fixture = new Fixture({ receiveMaximum: 1 }).addMany(3);
    fixture.outbox.close();
    fixture.sent[0]?.done();
    await turn();
    fixture.addMany(1);
    expect(fixture.sent).to.have.lengthOf(1);
    expect(fixture.reports).to.deep.equal([]);
  });

  it('reports nothing after it was closed, though acknowledgements came before', async () => {
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
    it(`sends QoS ${qos} as ${sent} where at most ${maxQos} is taken`, () => {
      expect(new Fixture({ maxQos }).add({ topic: 'a', qos }).sent[0]?.options).to.include({ qos: sent });
    });
  }

  it('counts what it sends with a lower QoS', () => {
    const fixture = new Fixture({ maxQos: 1 }).add({ topic: 'a', qos: 2 }, { topic: 'b', qos: 1 });
    expect(fixture.outbox.counters).to.include({ lowered_qos: 1 });
  });

  it('sends nothing retained where the broker retains nothing, and counts it', () => {
    const fixture = new Fixture({ retains: false }).add({ topic: 'a' }, { topic: 'b', retain: false });
    expect(fixture.sent.map(({ options }) => options['retain'])).to.deep.equal([false, false]);
    expect(fixture.outbox.counters).to.include({ published_unretained: 1 });
  });

  it('does not send what is too large for the broker, says so, and goes on', async () => {
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

  it('refuses alone what is malformed, for its value, and sends what comes after it', async () => {
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

  it('refuses alone what the client throws on', async () => {
    const fixture = new Fixture();
    fixture.throwsAt.add('bad');
    fixture.add({ topic: 'bad' }, { topic: 'good' });
    await turn();
    await fixture.acknowledge([0]);
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['good']);
    const [refused] = fixture.reports.flatMap(report => report.refused);
    expect(refused).to.include({ topic: 'bad', scope: 'value', reason: 'thrown; this value is not sent' });
  });

  it('gives a message no more seconds than MQTT has, where the clock was set back', () => {
    const fixture = new Fixture().add({ topic: 'a', expiresAt: Date.now() + 2 ** 33 * 1_000 });
    const properties = fixture.sent[0]?.options['properties'] as { messageExpiryInterval: number };
    expect(properties.messageExpiryInterval).to.equal(2 ** 32 - 1);
  });

  it('tells the sizes of what was not acknowledged when the connection ended', async () => {
    const fixture = new Fixture({ protocolVersion: 4 }).add(
      { topic: 'a' },
      { topic: 'bcd' },
      { topic: 'e', qos: 0 },
    );
    fixture.hasEnded = true;
    fixture.sent[1]?.done(new Error('the connection was closed'));
    expect(fixture.outbox.possibleCauses.map(({ size }) => size).sort()).to.deep.equal([0, 10, 8]);
  });

  it('suspects what was acknowledged last, and what was written with QoS 0 just before', async () => {
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

  it('never suspects a control topic', () => {
    const fixture = new Fixture().add({ topic: 'mqttrep/us/marker/OSLO' }, { topic: 'a' });
    expect(fixture.outbox.possibleCauses.map(({ topic }) => topic)).to.deep.equal(['a']);
  });

  it('hands what is in quarantine over to trials, and lets all others pass it', async () => {
    const fixture = new Fixture();
    fixture.quarantined.add('bad');
    fixture.add({ topic: 'bad', payload: '123' }, { topic: 'a' }, { topic: 'bad', payload: '45' });
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['a']);
    expect(fixture.tried.map(({ payload }) => payload.toString())).to.deep.equal(['123', '45']);
    const report = await fixture.acknowledge([0]);
    const bytes = 'bad123'.length + 'ax'.length + 'bad45'.length;
    expect(report).to.deep.include({ completedUpTo: 3, bytes, quarantined: ['bad'], released: [] });
  });

  it('publishes what waited for a trial before all that comes later, once the topic was taken', async () => {
    const fixture = new Fixture({ receiveMaximum: 1 });
    fixture.quarantined.add('t');
    fixture.add({ topic: 't', payload: '1' }, { topic: 't', payload: '2' }, { topic: 'a' });
    const [first, second] = fixture.tried;
    if (first === undefined || second === undefined) throw new Error('nothing was tried');
    fixture.quarantined.delete('t');
    fixture.add({ topic: 't', payload: '3' });
    fixture.outbox.tried(first, undefined);
    fixture.outbox.freed('t', [second]);
    const report = await fixture.acknowledge([0]);
    expect(report).to.deep.include({ released: ['t'], refused: [] });
    await fixture.acknowledge([1]);
    expect(fixture.sent.map(({ payload }) => payload)).to.deep.equal(['x', '2', '3']);
    expect(await fixture.acknowledge([2])).to.include({ completedUpTo: 4 });
  });

  it('reports what a trial did not settle well as refused', async () => {
    const fixture = new Fixture();
    fixture.quarantined.add('bad');
    const reported = fixture.acknowledge([]);
    fixture.add({ topic: 'bad' });
    const [publication] = fixture.tried;
    if (publication === undefined) throw new Error('nothing was tried');
    fixture.outbox.tried(publication, { reason: 'it hangs up', scope: 'topic', isLogged: true });
    expect((await reported).refused).to.deep.equal([
      { topic: 'bad', version: VERSION, reason: 'it hangs up', scope: 'topic', isLogged: true },
    ]);
  });

  it('says of a refusal whether the broker denies the topic by its reason code, and leaves it out of quarantine', async () => {
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

  it('says of a refusal whether the message was transient', async () => {
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
    it(`gives a message ${seconds} s that has ${left} ms left`, () => {
      const fixture = new Fixture().add({ topic: 'a', expiresAt: Date.now() + left });
      const properties = fixture.sent[0]?.options['properties'] as { messageExpiryInterval: number };
      expect(properties.messageExpiryInterval).to.equal(seconds);
    });
  }
});
