/** An empty retained message deletes its topic, an empty transient message does not. */

import { expect } from 'chai';
import { A, B, C, inEachWorld, inWorldOfMqtt311 } from './sim-fixture.ts';

inEachWorld('An empty transient message', fixture => {
  it('C32: deletes nothing, and reaches the other brokers, if the topic is retained', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    const seen = [B, C].map(broker => fixture.seenAt(broker));
    world.broker(A).write('t', '', false);
    for (let second = 0; second < 10; second++) {
      world.run(1_000);
      expect(fixture.retained()).to.deep.equal(['first', 'first', 'first']);
    }
    world.rest();
    world.scan();
    fixture.expectEverywhere({ t: 'first' });
    for (const seenThere of seen) expect(seenThere()).to.deep.equal(['t=']);
  });

  it('C32: reaches the other brokers if the topic was deleted', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.rest();
    const seen = [B, C].map(broker => fixture.seenAt(broker));
    world.broker(A).write('t', '', false);
    world.rest();
    fixture.expectEverywhere({});
    for (const seenThere of seen) expect(seenThere()).to.deep.equal(['t=']);
  });
});

inEachWorld('An empty retained message', fixture => {
  it('C32: deletes the topic at all brokers within a second, and costs at most one probe', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    const before = world.broker(A).probed;
    world.broker(A).write('t', '');
    world.run(1_000);
    expect(fixture.retained()).to.deep.equal([undefined, undefined, undefined]);
    expect(world.broker(A).probed - before).to.be.at.most(1);
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: does not delete the message that follows at once', () => {
    const world = fixture.create([40, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.broker(A).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });

  it('C32: deletes the message that came just before', () => {
    const world = fixture.create([40, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'second');
    world.broker(A).write('t', '');
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: does not delete a message that is written elsewhere before the probe is answered', () => {
    const world = fixture.create([150, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.run(200);
    world.broker(B).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });
});

inWorldOfMqtt311('An empty message at a broker that does not say what it retains', fixture => {
  it('C32: deletes the topic once the broker says that it is absent', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.link(0, A).reads.ignoring = 2;
    world.broker(A).write('t', '');
    world.run(500);
    expect(fixture.retained()).to.deep.equal([undefined, 'first', 'first']);
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: deletes nothing at other brokers if the broker never answers', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.link(0, A).reads.ignoring = Number.POSITIVE_INFINITY;
    world.broker(A).write('t', '');
    world.run(15 * 60_000);
    expect(fixture.retained()).to.deep.equal([undefined, 'first', 'first']);
  });
});
