/** Counterexamples with brokers and replicators that disconnect and return. */

import { expect } from 'chai';
import { A, B, C, inEachWorld } from './sim-fixture.ts';

inEachWorld('After an outage mqttrep', fixture => {
  it('deletes a topic at all brokers that was deleted at the disconnected broker', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.broker(B).cut();
    world.broker(B).write('t', '');
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({ u: 'first' });
  });

  it('C22: does so though the broker does not say at once what it retains', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.broker(B).cut();
    world.broker(B).write('t', '');
    world.link(0, B).reads.ignoring = 3;
    world.broker(B).connect();
    world.rest();
    world.run(60_000);
    fixture.expectEverywhere({ u: 'first' });
    expect(world.link(0, B).reads.ignoring).to.equal(0);
  });

  it('C7: keeps a topic that was deleted at the disconnected broker and written elsewhere', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(B).cut();
    world.broker(B).write('t', '');
    world.broker(A).write('t', 'newer');
    world.run(1_000);
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({ t: 'newer' });
  });

  it('deletes a topic at a returning broker that was deleted elsewhere', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(B).cut();
    world.broker(A).write('t', '');
    world.run(24 * 60 * 60_000);
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C8: publishes nothing to a returning broker of a topic that was created and deleted within one tick', () => {
    const world = fixture.create([1, 1, 1]);
    world.broker(B).cut();
    const atB = fixture.seenAt(B);
    world.broker(A).write('t', '1');
    world.run(2);
    world.broker(A).write('t', '');
    world.rest();
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({});
    expect(atB().filter(value => value !== 't=')).to.deep.equal([]);
  });

  for (const limit of [1_000, 1_020]) {
    it(`C9, I9: deletes nothing if a replay is cut short after ${limit} topics`, () => {
      const topics = Array.from({ length: 1_100 }, (_, index) => `t${index}`);
      const world = fixture.create([1, 1, 1]);
      fixture.introduce(...topics);
      world.broker(B).queue = limit;
      world.broker(B).cut();
      world.broker(B).write('t7', '');
      world.broker(B).connect();
      world.rest();
      expect(world.expectEqual()).to.have.property('size', topics.length - 1);
    });
  }

  it('takes a message from before the first contact for older than a live write, though the first replay is cut', () => {
    const world = fixture.createAtOnce([100, 1, 1]);
    world.broker(A).write('t', 'old');
    world.run(50);
    world.broker(B).write('t', 'new');
    world.run(300);
    world.broker(A).cut();
    world.broker(A).connect();
    world.rest();
    fixture.expectEverywhere({ t: 'new' });
  });

  for (const moment of [10, 110, 130, 160, 400]) {
    it(`C5: loses nothing by a crash ${moment} ms after a write`, () => {
      const world = fixture.create([1, 1, 1], { storeLatency: 30 });
      fixture.introduce('t');
      world.broker(A).write('t', '1');
      world.run(moment);
      world.crash();
      world.rest();
      fixture.expectEverywhere({ t: '1' });
    });
  }

  it('C5: loses nothing by a crash while two brokers are disconnected', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.broker(B).cut();
    world.broker(C).cut();
    world.broker(B).write('t', 'of B');
    world.broker(C).write('u', '');
    world.crash();
    world.rest();
    fixture.expectEverywhere({ t: 'of B' });
  });
});
