/** Messages of both kinds under one topic: those that are retained, and those that are not. */

import { expect } from 'chai';
import { A, inEachWorld, inWorldOfMqtt311 } from './scene.ts';

inEachWorld('A message that is not retained', scene => {
  it('C19: under a topic that retains one leaves it as it is in the end', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', 'passing', false);
    world.rest();
    scene.expectEverywhere({ t: 'first' });
  });
});

inWorldOfMqtt311('Over MQTT 3.1.1 a message that is not retained', scene => {
  const retainedEverywhere = () => scene.world.brokers.map(({ retained }) => retained.get('t')?.payload);

  it('C19: counts as retained at first, under a topic that retains one, and is looked at once it is quiet', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', 'passing', false);
    world.run(4_000);
    expect(retainedEverywhere()).to.deep.equal(['first', 'passing', 'passing']);
    world.run(16_000);
    expect(retainedEverywhere()).to.deep.equal(['first', 'first', 'first']);
  });

  it('C19: costs no look as long as the topic is written again and again', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    const before = world.broker(A).probed;
    for (let second = 0; second < 60; second++) {
      world.broker(A).write('t', String(second));
      world.run(1_000);
    }
    expect(world.broker(A).probed).to.equal(before);
    world.rest();
    expect(world.broker(A).probed).to.equal(before + 1);
    scene.expectEverywhere({ t: '59' });
  });
});
