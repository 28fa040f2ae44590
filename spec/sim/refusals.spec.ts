/** Counterexamples with brokers that refuse publishes, or drop messages to mqttrep. */

import { expect } from 'chai';
import { A, B, C, inEachWorld } from './sim-fixture.ts';

inEachWorld('A broker that refuses or drops messages', fixture => {
  it('C12: is sent a denied topic again after growing delays, and other topics at once', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.broker(B).denied.add('t');
    const attempts = fixture.attemptsAt(B, 60 * 60, () => {
      world.broker(A).write('t', '1');
      world.broker(A).write('u', '1');
    });
    const delays = attempts.slice(1).map((at, index) => at - (attempts[index] ?? at));
    expect(world.broker(B).retained.get('u')?.payload).to.equal('1');
    expect(world.broker(C).retained.get('t')?.payload).to.equal('1');
    expect(delays, `sent at seconds ${attempts}`).to.deep.equal(delays.toSorted((a, b) => a - b));
    expect(attempts.length, `sent at seconds ${attempts}`).to.be.within(5, 15);
    const lines = world.log.filter(line => line.includes('does not take "t"'));
    expect(lines).to.have.lengthOf(1);
    expect(world.log.filter(line => line.includes('takes "t" again'))).to.deep.equal([]);
  });

  it('C12: is sent a denied topic once it permits it', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(B).denied.add('t');
    world.broker(A).write('t', '1');
    world.run(60 * 60_000);
    world.broker(B).denied.clear();
    world.run(15 * 60_000);
    fixture.expectEverywhere({ t: '1' });
    expect(world.log.filter(line => line.includes('takes "t" again'))).to.have.lengthOf(1);
  });

  it('C13: is sent other messages while one is too large, and a smaller one of that topic', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.broker(B).largest = 10;
    const attempts = fixture.attemptsAt(B, 60 * 60, () => {
      world.broker(A).write('t', 'x'.repeat(11));
      world.broker(A).write('u', '1');
    });
    expect(world.broker(B).retained.get('u')?.payload).to.equal('1');
    expect(world.broker(B).retained.get('t')?.payload).to.equal('first');
    expect(attempts.length, `sent at seconds ${attempts}`).to.be.within(5, 15);
    world.broker(A).write('t', '2');
    world.run(15 * 60_000);
    fixture.expectEverywhere({ t: '2', u: '1' });
  });

  it('is scanned, so that a dropped message is found', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(B).dropping = 1;
    world.broker(B).write('t', '1');
    world.run(15 * 60_000).rest();
    fixture.expectEverywhere({ t: '1' });
  });

  it('is scanned, so that a dropped message of a new topic is found', () => {
    const world = fixture.create([1, 1, 1]);
    world.broker(B).dropping = 1;
    world.broker(B).write('t', '1');
    world.run(15 * 60_000).rest();
    fixture.expectEverywhere({ t: '1' });
  });

  it('is scanned soon after a burst of which it drops most, known topics and new ones', () => {
    const world = fixture.create([1, 50, 1]);
    const topics = Array.from({ length: 600 }, (_, index) => `t${index}`);
    fixture.introduce(...topics.slice(0, 300));
    world.broker(B).queue = 250;
    for (const topic of topics) world.broker(B).write(topic, 'burst');
    world.run(45_000);
    fixture.expectEverywhere(Object.fromEntries(topics.map(topic => [topic, 'burst'])));
  });

  it('is scanned soon after a burst, so that deletions that it dropped are found', () => {
    const world = fixture.create([1, 50, 1]);
    const topics = Array.from({ length: 300 }, (_, index) => `t${index}`);
    const deleted = topics.slice(0, 5);
    fixture.introduce(...topics, 'untouched');
    world.broker(B).queue = 250;
    for (const topic of topics.slice(5)) world.broker(B).write(topic, 'burst');
    for (const topic of deleted) world.broker(B).write(topic, '');
    world.run(45_000);
    const left = topics.slice(5).map(topic => [topic, 'burst']);
    fixture.expectEverywhere({ ...Object.fromEntries(left), untouched: 'first' });
  });

  it('is scanned soon after a burst that overflows in a clogged link', () => {
    const world = fixture.create([1, 1, 1]);
    const topics = Array.from({ length: 600 }, (_, index) => `t${index}`);
    world.broker(B).queue = 250;
    world.link(0, B).clog();
    for (const topic of topics) {
      world.broker(B).write(topic, 'burst');
      world.run(50);
    }
    world.link(0, B).unclog();
    world.run(45_000);
    fixture.expectEverywhere(Object.fromEntries(topics.map(topic => [topic, 'burst'])));
  });

  it('is sent the newest value of each topic if it is slow, while others are served at once', () => {
    const world = fixture.create([1, 3_000, 1]);
    const topics = Array.from({ length: 1_100 }, (_, index) => `t${index}`);
    fixture.introduce(...topics);
    const [atB, before] = [fixture.seenAt(B), world.broker(B).received];
    const rounds = 8;
    for (let round = 1; round <= rounds; round++) {
      for (const topic of topics) world.broker(A).write(topic, String(round));
      world.run(200);
    }
    world.run(200);
    expect([...world.broker(C).retained.values()].filter(({ payload }) => payload === '8')).to.have.lengthOf(
      1_100,
    );
    world.rest();
    fixture.expectEverywhere(Object.fromEntries(topics.map(topic => [topic, '8'])));
    expect(world.broker(B).received - before).to.be.below((topics.length * rounds) / 2);
    const rising = atB()
      .filter(value => value.startsWith('t0='))
      .map(value => Number(value.slice(3)));
    expect(rising).to.deep.equal(rising.toSorted((a, b) => a - b));
  });
});
