/** Counterexamples with pending publishes: each flips values, or loops, if echoes are not accounted for. */

import { expect } from 'chai';
import { A, B, C, inEachWorld } from './sim-fixture.ts';

inEachWorld('mqttrep', fixture => {
  it('C1: does not flip values if an echo comes after the next publish', () => {
    const world = fixture.create([1, 300, 300]);
    fixture.introduce('t');
    const [atA, atB] = [fixture.seenAt(A), fixture.seenAt(B)];
    for (const value of ['1', '2', '3', '4', '5']) {
      world.broker(A).write('t', value);
      world.run(100);
    }
    world.rest();
    fixture.expectEverywhere({ t: '5' });
    expect(atA()).to.deep.equal(['t=1', 't=2', 't=3', 't=4', 't=5']);
    expect(atB()).to.deep.equal(['t=1', 't=2', 't=3', 't=4', 't=5']);
  });

  it('publishes the values of a fast writer in order, each sampled one at most once', () => {
    const world = fixture.create([150, 150, 1], { mergeFrequency: 20 });
    fixture.introduce('t');
    const [atA, atB, atC] = [fixture.seenAt(A), fixture.seenAt(B), fixture.seenAt(C)];
    for (let count = 1; count <= 200; count++) {
      world.broker(A).write('t', String(count));
      world.run(20);
    }
    world.rest();
    fixture.expectEverywhere({ t: '200' });
    expect(atA()).to.deep.equal(Array.from({ length: 200 }, (_, index) => `t=${index + 1}`));
    for (const seen of [atB(), atC()]) {
      const values = seen.map(value => Number(value.slice(2)));
      expect(values).to.deep.equal([...new Set(values)].sort((a, b) => a - b));
      expect(values.length).to.be.within(70, 90);
    }
  });

  for (const [when, delay] of [
    ['before our publish leaves', 50],
    ['while our publish travels to the broker, which overwrites it there', 200],
    ['while the echo travels back', 500],
  ] as const) {
    it(`C2: lets a client's write between our publish and its echo win: ${when}`, () => {
      const world = fixture.create([1, 300, 1]);
      fixture.introduce('t');
      const [atA, atC] = [fixture.seenAt(A), fixture.seenAt(C)];
      world.broker(A).write('t', 'of A');
      world.run(delay);
      world.broker(B).write('t', 'of B');
      world.rest();
      fixture.expectEverywhere({ t: 'of B' });
      expect(atA()).to.deep.equal(['t=of A', 't=of B']);
      expect(atC()).to.deep.equal(['t=of A', 't=of B']);
    });
  }

  it('C3: publishes nothing if a client writes the pending value', () => {
    const world = fixture.create([1, 300, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '1');
    world.run(200);
    world.broker(B).write('t', '1');
    world.rest();
    fixture.expectEverywhere({ t: '1' });
    expect(world.broker(B).received + world.broker(C).received).to.be.at.most(4);
  });

  it('C4: never gives a toggling writer a value that it wrote before', () => {
    const world = fixture.create([150, 150, 1], { mergeFrequency: 20 });
    fixture.introduce('t');
    const atA = fixture.seenAt(A);
    for (let count = 1; count <= 101; count++) {
      world.broker(A).write('t', count % 2 === 0 ? 'OFF' : 'ON');
      world.run(30);
    }
    world.rest();
    fixture.expectEverywhere({ t: 'ON' });
    expect(atA()).to.have.lengthOf(101);
  });

  it('C4: makes brokers equal after two toggling writers, and falls silent', () => {
    const world = fixture.create([150, 150, 1], { mergeFrequency: 20 });
    fixture.introduce('t');
    for (let count = 1; count <= 50; count++) {
      world.broker(A).write('t', count % 2 === 0 ? 'OFF' : 'ON');
      world.run(17);
      world.broker(B).write('t', count % 3 === 0 ? 'OFF' : 'ON');
      world.run(13);
    }
    world.rest();
    expect(world.expectEqual().get('t')).to.be.oneOf(['ON', 'OFF']);
  });

  it('leaves one of several values that are written at all brokers at once', () => {
    const world = fixture.create([150, 1, 40]);
    fixture.introduce('t');
    for (const broker of world.brokers) broker.write('t', `of ${broker.name}`);
    world.rest();
    expect(world.expectEqual().get('t')).to.be.oneOf(['of A', 'of B', 'of C']);
  });

  it('C6: does not publish again if an echo is lost', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    const received = world.broker(B).received;
    world.broker(B).dropping = 1;
    world.broker(A).write('t', '1');
    world.rest();
    fixture.expectEverywhere({ t: '1' });
    expect(world.broker(B).received).to.equal(received + 1);
  });

  it('C14: does not flip values if a broker delivers each message twice, as for overlapping filters', () => {
    const world = fixture.create([1, 150, 1], { filters: [{ filter: '+/u' }, { filter: 't/+' }] });
    fixture.introduce('t/u');
    for (const link of world.replicator(0).links) link.deliveries.twice = true;
    for (const value of ['1', '2', '3']) {
      world.broker(A).write('t/u', value);
      world.run(100);
    }
    world.rest();
    fixture.expectEverywhere({ 't/u': '3' });
  });

  for (const [last, first, then] of [
    ['ours', B, A],
    ["a client's", A, B],
  ] as const) {
    it(`C26: probes a broker that retains the first of two racing writes, once it is quiet: ${last} came last`, () => {
      const world = fixture.create([1, 1, 1], { mergeFrequency: 50 });
      fixture.introduce('t');
      world.broker(B).races = true;
      world.broker(first).write('t', 'one');
      world.run(30);
      world.broker(then).write('t', 'other');
      world.run(4_000);
      expect(world.isEqual, 'before').to.equal(false);
      world.run(16_000);
      expect(world.expectEqual().get('t')).to.be.oneOf(['one', 'other']);
    });
  }

  it('C26: does not probe a broker at which only its clients write', () => {
    const world = fixture.create([1, 1, 1], { mergeFrequency: 50 });
    fixture.introduce('t');
    const probed = () =>
      world.brokers.filter(({ liveFlag }) => liveFlag === 'as published').map(broker => broker.probed);
    const before = probed();
    for (let count = 0; count < 100; count++) {
      world.broker(A).write('t', String(count));
      world.run(30);
    }
    world.rest();
    expect(probed()).to.deep.equal(before);
  });

  for (const retain of [false, true]) {
    it(`C21: lets the answer win that a client of another broker writes under a new topic${retain ? ', with RETAIN' : ''}`, () => {
      const world = fixture.create([150, 1, 150], { mergeFrequency: 20, filters: [{ filter: '#', retain }] });
      const atB = fixture.seenAt(B);
      world.broker(A).write('t', 'urgent');
      for (let passed = 0; atB().length === 0 && passed < 2_000; passed++) world.run(1);
      world.broker(B).write('t', 'answer');
      world.rest();
      fixture.expectEverywhere({ t: 'answer' });
    });
  }

  for (const transient of ['1', '2']) {
    it(`C25: does not take the echo of a transient ${transient} for that of a denied 1`, () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce('t');
      world.broker(B).denied.add('t');
      world.broker(C).write('t', '1');
      world.run(1_000);
      world.broker(B).denied.clear();
      world.broker(A).write('t', transient, false);
      world.run(15 * 60_000).rest();
      fixture.expectEverywhere({ t: '1' });
    });
  }
});
