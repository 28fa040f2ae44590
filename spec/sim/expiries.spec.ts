/** Counterexamples with topics that expire. */

import { expect } from 'chai';
import { TOMBSTONE_RETENTION_MS } from '../../lib/core/forgetting.ts';
import { A, inEachWorld } from './sim-fixture.ts';

inEachWorld('Expiry', fixture => {
  it('deletes the topic at all brokers, and the topic is forgotten', () => {
    const world = fixture.create([1, 40, 1], { filters: [{ ttl: 10_000 }] });
    fixture.introduce('t');
    world.broker(A).write('t', '1');
    world.run(9_000);
    fixture.expectEverywhere({ t: '1' });
    world.rest();
    fixture.expectEverywhere({});
    world.run(TOMBSTONE_RETENTION_MS + 60_000);
    expect(world.reconciler.table.get('t')).to.equal(undefined);
  });

  it('does not come for a topic that is written repeatedly', () => {
    const world = fixture.create([1, 40, 1], { filters: [{ ttl: 10_000 }] });
    for (let time = 0; time < 10; time++) {
      world.broker(A).write('t', '1');
      world.run(5_000);
    }
    fixture.expectEverywhere({ t: '1' });
  });

  it('C17: deletes a topic that expires while mqttrep is down, once it runs again', () => {
    const world = fixture.create([1, 1, 1], { filters: [{ ttl: 60_000 }] });
    world.broker(A).write('t', '1');
    world.run(30_000);
    fixture.expectEverywhere({ t: '1' });
    for (const broker of world.brokers) broker.cut();
    world.crash();
    world.run(35_000);
    world.rest();
    fixture.expectEverywhere({});
  });
});
