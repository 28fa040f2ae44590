/** Counterexamples with brokers that return without their data, or with an earlier state. */

import { expect } from 'chai';
import { A, B, C, inEachWorld } from './sim-fixture.ts';

inEachWorld('If a broker lost data, mqttrep', fixture => {
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
});
