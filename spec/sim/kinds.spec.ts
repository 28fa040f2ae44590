/** Messages of both kinds under one topic: those that are retained, and those that are not. */

import { expect } from 'chai';
import { A, inEachWorld, inWorldOfMqtt311 } from './scene.ts';

inEachWorld('A message that is not retained', scene => {
  it('C19: under a topic that retains one leaves it as it is, over MQTT 3.1.1 once it has been looked at again', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', 'passing', false);
    world.rest();
    if (world.brokers.some(({ mqtt5 }) => !mqtt5)) world.lookAgain();
    scene.expectEverywhere({ t: 'first' });
  });
});

inWorldOfMqtt311('Over MQTT 3.1.1 a message that is not retained', scene => {
  it('C19: counts as retained at first, under a topic that retains one: the broker does not tell', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', 'passing', false);
    world.rest();
    expect(world.brokers.map(({ retained }) => retained.get('t')?.payload)).to.deep.equal([
      'first',
      'passing',
      'passing',
    ]);
  });
});
