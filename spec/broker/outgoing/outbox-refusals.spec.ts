/** What may not or cannot be published is refused, with its scope; all other publications go on. */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { Fixture, VERSION } from './outbox-fixture.ts';

describe('Outbox', () => {
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
});
