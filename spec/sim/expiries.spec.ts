/** Counterexamples of time that runs out. */

import { expect } from 'chai';
import { DELETION_AGE } from '../../lib/core/step.ts';
import { A, inEachWorld } from './scene.ts';

inEachWorld('What expires', scene => {
  it('an expired topic is erased everywhere, and forgotten', () => {
    const world = scene.create([1, 40, 1], { filters: [{ ttl: 10_000 }] });
    scene.introduce('t');
    world.broker(A).write('t', '1');
    world.run(9_000);
    scene.expectEverywhere({ t: '1' });
    world.rest();
    scene.expectEverywhere({});
    world.run(DELETION_AGE + 60_000);
    expect(world.reconciler.table.get('t')).to.equal(undefined);
  });

  it('a topic that is written again and again does not expire', () => {
    const world = scene.create([1, 40, 1], { filters: [{ ttl: 10_000 }] });
    for (let time = 0; time < 10; time++) {
      world.broker(A).write('t', '1');
      world.run(5_000);
    }
    scene.expectEverywhere({ t: '1' });
  });

  it('C17: a topic that expires while we are down is erased when we return', () => {
    const world = scene.create([1, 1, 1], { filters: [{ ttl: 60_000 }] });
    world.broker(A).write('t', '1');
    world.run(30_000);
    scene.expectEverywhere({ t: '1' });
    for (const broker of world.brokers) broker.cut();
    world.crash();
    world.run(35_000);
    world.rest();
    scene.expectEverywhere({});
  });
});
