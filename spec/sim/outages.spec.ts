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

  const topics = Array.from({ length: 60 }, (_, index) => `t${index}`);
  const all = Object.fromEntries(topics.map(topic => [topic, 'first']));

  /** Clients of B delete these topics while it is disconnected; then B returns. */
  function deleteWhileAway(deleted: readonly string[]): void {
    const { world } = fixture;
    world.broker(B).cut();
    for (const topic of deleted) world.broker(B).write(topic, '');
    world.broker(B).connect();
    world.run(10_000);
  }

  const heldBy = (name: string) =>
    fixture.world.log.filter(line => line.includes(`confirm-deletions ${name}`));

  it('C23: holds many inferred deletions until a person confirms them', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics);
    world.scan();
    world.run(24 * 60 * 60_000);
    expect(world.broker(A).retained.size).to.be.at.least(topics.length);
    expect(world.broker(B).retained.has('t0')).to.equal(false);
    expect(heldBy('B')).to.have.lengthOf(1);
    expect(world.reconciler.decideDeletions('B', 'confirm')).to.equal(topics.length);
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C23: gives held topics to the broker again if a person refuses', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics);
    expect(world.reconciler.decideDeletions('B', 'refuse')).to.equal(topics.length);
    world.rest();
    fixture.expectEverywhere(all);
  });

  it('C23: holds deletions that come few at a time, once they are many together', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics.slice(0, 9));
    deleteWhileAway(topics.slice(9, 18));
    world.scan();
    expect([...world.broker(A).retained.keys()].filter(topic => topic.startsWith('t'))).to.have.lengthOf(51);
    expect(world.broker(A).retained.has('t9')).to.equal(true);
  });

  it('C23: still holds deletions after a crash, even if few of them are left', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics.slice(0, 20));
    for (const topic of topics.slice(0, 17)) world.broker(A).write(topic, 'new');
    world.rest();
    world.crash();
    world.rest();
    world.scan();
    expect(world.broker(A).retained.has('t19')).to.equal(true);
    expect(world.broker(B).retained.has('t19')).to.equal(false);
    expect(world.reconciler.decideDeletions('B', 'confirm')).to.equal(3);
    world.rest();
    const written = Object.fromEntries(topics.slice(0, 17).map(topic => [topic, 'new']));
    const kept = Object.fromEntries(topics.slice(20).map(topic => [topic, 'first']));
    fixture.expectEverywhere({ ...kept, ...written });
  });

  it('C23: stops holding a topic that is written at any broker, and then opens the guard', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics.slice(0, 20));
    for (const topic of topics.slice(0, 10)) world.broker(B).write(topic, 'first');
    for (const topic of topics.slice(10, 20)) world.broker(A).write(topic, '2');
    world.rest();
    world.run(11 * 60_000);
    expect(world.reconciler.decideDeletions('B', 'confirm')).to.equal(0);
    const newer = Object.fromEntries(topics.slice(10, 20).map(topic => [topic, '2']));
    fixture.expectEverywhere({ ...all, ...newer });
    deleteWhileAway(['t59']);
    world.rest();
    const { t59: _, ...rest } = { ...all, ...newer };
    fixture.expectEverywhere(rest);
  });

  for (const many of [8, 50, 300]) {
    const home = Array.from({ length: many }, (_, index) => `home/t${index}`);

    it(`C29, I9: deletes none of ${many} topics that it may no longer read at a broker`, () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce(...home, 'other');
      world.broker(B).unreadable.add('home/#');
      world.scan();
      world.broker(B).cut();
      world.broker(B).connect();
      world.rest();
      world.scan();
      const expected = Object.fromEntries([...home, 'other'].map(topic => [topic, 'first']));
      fixture.expectEverywhere(expected);
      expect(world.log.filter(line => line.includes('may lack the right to read'))).to.have.length.above(0);
      expect(heldBy('B')).to.deep.equal([]);
    });
  }

  it('C29: does not overwrite a write that it could not read, and finds it later', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('home/t', 'home/u', 'home/v');
    world.broker(B).unreadable.add('home/#');
    world.broker(B).write('home/t', 'unseen');
    world.broker(B).write('home/u', '');
    world.scan();
    expect(world.broker(B).retained.get('home/t')?.payload).to.equal('unseen');
    expect(world.broker(A).retained.get('home/u')?.payload).to.equal('first');
    world.broker(B).unreadable.clear();
    world.scan();
    fixture.expectEverywhere({ 'home/t': 'unseen', 'home/v': 'first' });
  });

  it('C30: gives a connected broker all topics again that it evicted', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    for (const topic of topics.slice(0, 30)) world.broker(B).evict(topic);
    world.scan();
    fixture.expectEverywhere(all);
    expect(world.log.filter(line => /B gets (it|them) again/.test(line))).to.have.length.above(0);
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

  it('C10: refills a broker that was wiped', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u', 'v');
    world.broker(B).cut();
    world.broker(B).wipe();
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({ t: 'first', u: 'first', v: 'first' });
  });

  it('C11: gives the winners to a broker that rolled back', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(B).autosave();
    world.broker(A).write('t', '2');
    world.broker(C).write('v', '3');
    world.rest();
    world.broker(B).cut();
    world.broker(B).goBack();
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({ t: '2', v: '3' });
  });

  it('C11: keeps a topic deleted if a broker rolls back to it', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(B).autosave();
    world.broker(A).write('t', '');
    world.rest();
    world.broker(B).cut();
    world.broker(B).goBack();
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({});
  });

  for (const isKilled of [false, true]) {
    const also = isKilled ? ', though mqttrep is killed as well' : '';

    /** B loses all since it saved; if mqttrep is killed, it loses all since its last commit. */
    const loseTheLastMoment = () => {
      const { world } = fixture;
      world.broker(B).cut();
      world.broker(B).goBack();
      if (isKilled) world.crash();
      for (const broker of [A, B, C]) world.broker(broker).connect();
      world.rest();
    };

    it(`C27: keeps writes and deletions if a broker loses the last moment${also}`, () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce('t', 'u', 'v');
      world.broker(B).autosave();
      world.broker(B).write('t', '2');
      world.broker(B).write('u', '');
      world.broker(A).write('v', '2');
      world.run(300);
      loseTheLastMoment();
      fixture.expectEverywhere({ t: '2', v: '2' });
    });

    it(`C27: gives the last write to a broker that saved between several writes${also}`, () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce('t', 'u');
      world.broker(B).write('t', '2');
      world.run(5);
      world.broker(B).autosave();
      world.broker(B).write('t', '3');
      world.run(300);
      loseTheLastMoment();
      fixture.expectEverywhere({ t: '3', u: 'first' });
    });

    it(`C27: replicates writes and deletions at the broker before it is connected again${also}`, () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce('t', 'u', 'v');
      world.broker(B).autosave();
      world.broker(B).write('t', '2');
      world.broker(B).write('u', '2');
      world.run(300);
      world.broker(B).cut();
      world.broker(B).goBack();
      if (isKilled) world.replicator(0).crash();
      world.broker(B).cut();
      world.broker(B).write('t', '3');
      world.broker(B).write('u', '');
      world.broker(B).write('v', '');
      world.broker(B).connect();
      world.rest();
      fixture.expectEverywhere({ t: '3' });
    });
  }

  it('C27: takes a topic for old that rolled back and that the replay does not show', () => {
    const topics = Array.from({ length: 1_100 }, (_, index) => `t${index}`);
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    world.broker(B).queue = 1_000;
    world.broker(B).autosave();
    for (const topic of topics) world.broker(A).write(topic, '2');
    world.run(300);
    world.broker(B).cut();
    world.broker(B).goBack();
    world.broker(B).connect();
    world.rest();
    const values = new Set(world.expectEqual().values());
    expect([...values]).to.deep.equal(['2']);
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
