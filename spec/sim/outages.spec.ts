/** Counterexamples of brokers and replicators that go away and come back. */

import { expect } from 'chai';
import { A, B, C, inEachWorld } from './sim-fixture.ts';

inEachWorld('Who was away', fixture => {
  it('a topic deleted while we were away is deleted everywhere', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.broker(B).cut();
    world.broker(B).write('t', '');
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({ u: 'first' });
  });

  it('C22: so it is where the broker does not at once say what it retains', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.broker(B).cut();
    world.broker(B).write('t', '');
    world.link(0, B).ignoring = 3;
    world.broker(B).connect();
    world.rest();
    world.run(60_000);
    fixture.expectEverywhere({ u: 'first' });
    expect(world.link(0, B).ignoring).to.equal(0);
  });

  const topics = Array.from({ length: 60 }, (_, index) => `t${index}`);
  const all = Object.fromEntries(topics.map(topic => [topic, 'first']));

  /** Clients of B delete these while B is away; then it returns. */
  function deleteWhileAway(deleted: readonly string[]): void {
    const { world } = fixture;
    world.broker(B).cut();
    for (const topic of deleted) world.broker(B).write(topic, '');
    world.broker(B).connect();
    world.run(10_000);
  }

  const heldBy = (name: string) =>
    fixture.world.log.filter(line => line.includes(`confirm-deletions ${name}`));

  it('C23: many deletions that nobody heard are held until a person confirms them', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics);
    world.lookAgain();
    world.run(24 * 60 * 60_000);
    expect(world.broker(A).retained.size).to.be.at.least(topics.length);
    expect(world.broker(B).retained.has('t0')).to.equal(false);
    expect(heldBy('B')).to.have.lengthOf(1);
    expect(world.reconciler.decideDeletions('B', 'confirm')).to.equal(topics.length);
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C23: what is held is given to the broker again where a person refuses', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics);
    expect(world.reconciler.decideDeletions('B', 'refuse')).to.equal(topics.length);
    world.rest();
    fixture.expectEverywhere(all);
  });

  it('C23: deletions that come few by few are held once they are many together', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics.slice(0, 9));
    deleteWhileAway(topics.slice(9, 18));
    world.lookAgain();
    expect([...world.broker(A).retained.keys()].filter(topic => topic.startsWith('t'))).to.have.lengthOf(51);
    expect(world.broker(A).retained.has('t9')).to.equal(true);
  });

  it('C23: a crash releases nothing that was held, also if little of it is left', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics.slice(0, 20));
    for (const topic of topics.slice(0, 17)) world.broker(A).write(topic, 'anew');
    world.rest();
    world.crash();
    world.rest();
    world.lookAgain();
    expect(world.broker(A).retained.has('t19')).to.equal(true);
    expect(world.broker(B).retained.has('t19')).to.equal(false);
    expect(world.reconciler.decideDeletions('B', 'confirm')).to.equal(3);
    world.rest();
    const anew = Object.fromEntries(topics.slice(0, 17).map(topic => [topic, 'anew']));
    const kept = Object.fromEntries(topics.slice(20).map(topic => [topic, 'first']));
    fixture.expectEverywhere({ ...kept, ...anew });
  });

  it('C23: what is written anew is held no longer, at whatever broker, and the guard is open again', () => {
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

    it(`C29, I9: ${many} topics that may be read no longer at a broker are deleted nowhere`, () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce(...home, 'other');
      world.broker(B).unreadable.add('home/#');
      world.lookAgain();
      world.broker(B).cut();
      world.broker(B).connect();
      world.rest();
      world.lookAgain();
      const expected = Object.fromEntries([...home, 'other'].map(topic => [topic, 'first']));
      fixture.expectEverywhere(expected);
      expect(world.log.filter(line => line.includes('may lack the right to read'))).to.have.length.above(0);
      expect(heldBy('B')).to.deep.equal([]);
    });
  }

  it('C29: what was written where it could not be read is found once it can, and is not overwritten', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('home/t', 'home/u', 'home/v');
    world.broker(B).unreadable.add('home/#');
    world.broker(B).write('home/t', 'unseen');
    world.broker(B).write('home/u', '');
    world.lookAgain();
    expect(world.broker(B).retained.get('home/t')?.payload).to.equal('unseen');
    expect(world.broker(A).retained.get('home/u')?.payload).to.equal('first');
    world.broker(B).unreadable.clear();
    world.lookAgain();
    fixture.expectEverywhere({ 'home/t': 'unseen', 'home/v': 'first' });
  });

  it('C30: what a broker forgets by itself while it is connected is given to it again, however much', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    for (const topic of topics.slice(0, 30)) world.broker(B).evict(topic);
    world.lookAgain();
    fixture.expectEverywhere(all);
    expect(world.log.filter(line => /B gets (it|them) again/.test(line))).to.have.length.above(0);
  });

  it('C7: a topic deleted while we were away is kept where it was written anew elsewhere', () => {
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

  it('a topic deleted elsewhere while a broker is away does not come back with it', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(B).cut();
    world.broker(A).write('t', '');
    world.run(24 * 60 * 60_000);
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C8: a topic created and deleted within one tick leaves nothing at a broker that is away', () => {
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
    it(`C9, I9: a replay that is cut after ${limit} topics deletes nothing`, () => {
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

  it('what a broker retained before we came is older than a live write, though its first replay is cut', () => {
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

  it('C10: a broker that was wiped is refilled', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u', 'v');
    world.broker(B).cut();
    world.broker(B).wipe();
    world.broker(B).connect();
    world.rest();
    fixture.expectEverywhere({ t: 'first', u: 'first', v: 'first' });
  });

  it('C11: a broker that went back in time is brought up to date', () => {
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

  it('C11: a deleted topic does not come back with a broker that went back in time', () => {
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

    /** B loses what it was sent since it saved, and mqttrep what it knew since its last commit. */
    const loseTheLastMoment = () => {
      const { world } = fixture;
      world.broker(B).cut();
      world.broker(B).goBack();
      if (isKilled) world.crash();
      for (const broker of [A, B, C]) world.broker(broker).connect();
      world.rest();
    };

    it(`C27: a broker that loses the last moment undoes neither a write nor a deletion${also}`, () => {
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

    it(`C27: a broker that saved amid several writes has the last of them again${also}`, () => {
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

    it(`C27: what is written and deleted there before we are back is carried${also}`, () => {
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

  it('C27: a topic of which the replay shows nothing, and that went back, is old', () => {
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
    it(`C5: a crash ${moment} ms after a write loses nothing`, () => {
      const world = fixture.create([1, 1, 1], { storeLatency: 30 });
      fixture.introduce('t');
      world.broker(A).write('t', '1');
      world.run(moment);
      world.crash();
      world.rest();
      fixture.expectEverywhere({ t: '1' });
    });
  }

  it('C5: a crash while each of two brokers is away loses nothing', () => {
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
