/** A publish of QoS 0 without an echo is confirmed by a round trip after it, and by nothing less. */

import { expect } from 'chai';
import { Fence } from '../../../lib/broker/outgoing/fence.ts';
import { Fixture } from './outbox-fixture.ts';

const confirmed = ({ reports }: Fixture) =>
  reports.flatMap(report => report.acknowledged.map(({ topic }) => topic));

describe('A publish with QoS 0', () => {
  it('is confirmed once the broker has answered an UNSUBSCRIBE that was sent after it', async () => {
    const fixture = new Fixture({ maxQos: 0 }).add({ topic: 'a', hasNoEcho: true });
    fixture.sent[0]?.done();
    expect(fixture.fences).to.deep.equal(['mqttrep/fence']);
    expect(fixture.reports).to.deep.equal([]);
    await fixture.passFence();
    expect(confirmed(fixture)).to.deep.equal(['a']);
    expect(fixture.reports.at(-1)).to.include({ completedUpTo: 1 });
  });

  it('shares the round trip with other publishes, unless it is sent while one is in flight', async () => {
    const fixture = new Fixture({ maxQos: 0 }).add({ topic: 'a', hasNoEcho: true });
    fixture.sent[0]?.done();
    fixture.add({ topic: 'b', hasNoEcho: true }, { topic: 'c', hasNoEcho: true });
    fixture.sent[1]?.done();
    fixture.sent[2]?.done();
    expect(fixture.fences).to.have.length(1);
    await fixture.passFence();
    expect(confirmed(fixture)).to.deep.equal(['a']);
    expect(fixture.fences).to.have.length(2);
    await fixture.passFence();
    expect(confirmed(fixture)).to.deep.equal(['a', 'b', 'c']);
    expect(fixture.fences).to.have.length(2);
  });

  it('is not confirmed if the connection ends before the answer', async () => {
    const fixture = new Fixture({ maxQos: 0 }).add({ topic: 'a', hasNoEcho: true });
    fixture.sent[0]?.done();
    fixture.hasEnded = true;
    await fixture.passFence();
    expect(fixture.reports).to.deep.equal([]);
  });

  it('needs no round trip if an echo will come, or the broker acknowledges', async () => {
    const fixture = new Fixture().add({ topic: 'a', qos: 0 }, { topic: 'b', hasNoEcho: true });
    await fixture.acknowledge([0, 1]);
    expect(fixture.fences).to.deep.equal([]);
    expect(confirmed(fixture)).to.deep.equal(['b']);
  });

  it('counts as in flight until then', () => {
    const fixture = new Fixture({ maxQos: 0, receiveMaximum: 2 });
    fixture.add(...['a', 'b', 'c'].map(topic => ({ topic, hasNoEcho: true })));
    for (const { done } of fixture.sent) done();
    expect(fixture.sent.map(({ topic }) => topic)).to.deep.equal(['a', 'b']);
  });
});

describe('Fence', () => {
  it('confirms nothing and reports itself overdue if the broker does not answer in time, unless it is closed', async () => {
    const overdue: number[] = [];
    const answers: ((isAnswered: boolean) => void)[] = [];
    let confirmations = 0;
    const fence = () =>
      new Fence({
        roundTrip: () => new Promise<boolean>(resolve => answers.push(resolve)),
        hasEnded: () => false,
        overdue: count => overdue.push(count),
      });
    const fences = [fence(), fence()];
    for (const one of fences) one.behind(() => confirmations++);
    fences[1]?.close();
    for (const answer of answers) answer(false);
    await new Promise(resolve => setImmediate(resolve));
    expect(overdue).to.deep.equal([1]);
    expect(confirmations).to.equal(0);
  });
});
