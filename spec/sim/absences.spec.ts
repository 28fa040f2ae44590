/**
 * Counterexamples with topics that a connected broker does not show: it may not let mqttrep read them, or it evicted them.
 */

import { expect } from 'chai';
import { A, B, inEachWorld } from './sim-fixture.ts';

inEachWorld('If a connected broker does not show topics, mqttrep', fixture => {
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
      expect(fixture.heldDeletions('B')).to.deep.equal([]);
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
    const topics = Array.from({ length: 60 }, (_, index) => `t${index}`);
    const world = fixture.create([1, 1, 1]);
    fixture.introduce(...topics);
    for (const topic of topics.slice(0, 30)) world.broker(B).evict(topic);
    world.scan();
    fixture.expectEverywhere(Object.fromEntries(topics.map(topic => [topic, 'first'])));
    expect(world.log.filter(line => /B gets (it|them) again/.test(line))).to.have.length.above(0);
  });
});
