/** Many deletions at a broker that was disconnected wait until a person confirms them. */

import { expect } from 'chai';
import { A, B, inEachWorld } from './sim-fixture.ts';

inEachWorld('After many deletions at a disconnected broker mqttrep', fixture => {
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

  it('C23: holds many inferred deletions until a person confirms them', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    deleteWhileAway(topics);
    world.scan();
    world.run(24 * 60 * 60_000);
    expect(world.broker(A).retained.size).to.be.at.least(topics.length);
    expect(world.broker(B).retained.has('t0')).to.equal(false);
    expect(fixture.heldDeletions('B')).to.have.lengthOf(1);
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
});
