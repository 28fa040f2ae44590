/** Publications on which the broker may hang up: in quarantine, barred, overdue, or a possible cause. */

import { expect } from 'chai';
import sinon from 'sinon';
import { Fixture, VERSION } from './outbox-fixture.ts';

describe('Outbox', () => {
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
});
