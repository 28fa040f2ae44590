/** Messages of both kinds under one topic: those that are retained, and those that are not. */

import { expect } from 'chai';
import { A, B, C, inEachWorld, inWorldOfMqtt311, type Scene } from './scene.ts';

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

inWorldOfMqtt311('Over MQTT 3.1.1 a topic of which nothing was retained', scene => {
  it('C31: is retained everywhere soon after a client begins to retain it, once the topic is quiet', () => {
    const world = scene.create([1, 1, 1]);
    for (const value of ['1', '2', '3']) {
      world.broker(A).write('t', value, false);
      world.run(1_000);
    }
    world.run(10_000);
    expect(retainedAt(scene)).to.deep.equal([undefined, undefined, undefined]);
    world.broker(A).write('t', 'retained');
    world.run(10_000);
    scene.expectEverywhere({ t: 'retained' });
  });

  it('C31: costs no look as long as the topic is written again and again', () => {
    const world = scene.create([1, 1, 1]);
    world.broker(A).write('t', 'first', false);
    world.run(1_000);
    const before = world.broker(A).probed;
    for (let second = 0; second < 60; second++) {
      world.broker(A).write('t', String(second), false);
      world.run(1_000);
    }
    expect(world.broker(A).probed).to.equal(before);
  });
});

/** What each broker retains under the topic. */
function retainedAt({ world }: Scene): (string | undefined)[] {
  return world.brokers.map(({ retained }) => retained.get('t')?.payload);
}

inEachWorld('At a broker that does not retain what the others do, a message that is not retained', scene => {
  const passAt = (broker: number) => {
    const before = retainedAt(scene);
    scene.world.broker(broker).write('t', 'passing', false);
    scene.world.run(4_000);
    expect(retainedAt(scene), 'soon after').to.deep.equal(before);
    scene.world.run(15 * 60_000);
    expect(retainedAt(scene), 'long after').to.deep.equal(before);
    for (const other of scene.world.brokers) expect(other.seen, other.name).to.include('t=passing');
  };

  it('C24: changes nothing elsewhere, where the topic was never taken', () => {
    const world = scene.create([1, 1, 1]);
    world.broker(A).denied.add('t');
    world.broker(B).write('t', 'first');
    world.rest();
    // What mqttrep hands on is denied as well: only a client of the broker is heard there.
    passAt(A);
  });

  it('C24: changes nothing elsewhere, where a newer value was not taken', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.broker(A).denied.add('t');
    world.broker(B).write('t', 'second');
    world.rest();
    passAt(A);
  });

  it('C24: changes nothing elsewhere, where the value was too large', () => {
    const world = scene.create([1, 1, 1]);
    world.broker(A).largest = 10;
    world.broker(B).write('t', 'x'.repeat(11));
    world.rest();
    passAt(A);
  });

  it('C24: changes nothing elsewhere, where the topic may not be published', () => {
    const world = scene.create([1, 1, 1], { filters: [{ publish: (1 << B) | (1 << C) }] });
    world.broker(B).write('t', 'first');
    world.rest();
    passAt(A);
  });

  it('C24: changes nothing elsewhere, before the broker has been given the topic', () => {
    const world = scene.create([1, 1, 1], { mergeFrequency: 1 });
    world.broker(B).write('t', 'first');
    world.run(50);
    world.broker(A).write('t', 'passing', false);
    world.rest();
    scene.expectEverywhere({ t: 'first' });
  });
});

inEachWorld('At a broker that does not retain what the others do, a message that is retained', scene => {
  it('C24: wins, where the topic was never taken, or a newer value was not', () => {
    const world = scene.create([1, 1, 1]);
    world.broker(A).denied.add('t');
    for (const value of ['first', 'second']) {
      world.broker(B).write('t', value);
      world.rest();
      world.broker(A).write('t', `after ${value}`);
      world.run(4_000);
      expect(retainedAt(scene)).to.deep.equal(new Array(3).fill(`after ${value}`));
    }
  });

  it('C24: wins, after one that was not retained', () => {
    const world = scene.create([1, 1, 1]);
    world.broker(A).denied.add('t');
    world.broker(B).write('t', 'first');
    world.rest();
    world.broker(A).write('t', 'passing', false);
    world.run(1_000);
    world.broker(A).write('t', 'second');
    // What mqttrep tries again meanwhile puts the look off.
    world.run(40_000);
    expect(retainedAt(scene)).to.deep.equal(new Array(3).fill('second'));
  });

  it('C24: wins, where the broker does not say that it retains it', () => {
    const world = scene.create([1, 1, 1], { mergeFrequency: 1 });
    world.broker(B).write('t', 'first');
    world.rest();
    world.broker(A).cut();
    world.broker(A).wipe();
    world.link(0, A).ignoring = 1;
    world.broker(A).connect();
    world.run(3);
    world.broker(A).write('t', 'second');
    world.rest();
    scene.expectEverywhere({ t: 'second' });
  });
});

inEachWorld('An empty message that is not retained', scene => {
  it('C32: deletes nothing, and reaches the other brokers, where the topic is retained', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    const seen = [B, C].map(broker => scene.seenAt(broker));
    world.broker(A).write('t', '', false);
    for (let second = 0; second < 10; second++) {
      world.run(1_000);
      expect(retainedAt(scene)).to.deep.equal(['first', 'first', 'first']);
    }
    world.rest();
    world.lookAgain();
    scene.expectEverywhere({ t: 'first' });
    for (const seenThere of seen) expect(seenThere()).to.deep.equal(['t=']);
  });

  it('C32: reaches the other brokers where the topic was deleted', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', '');
    world.rest();
    const seen = [B, C].map(broker => scene.seenAt(broker));
    world.broker(A).write('t', '', false);
    world.rest();
    scene.expectEverywhere({});
    for (const seenThere of seen) expect(seenThere()).to.deep.equal(['t=']);
  });
});

inEachWorld('An empty message that is retained', scene => {
  it('C32: deletes everywhere within a second, and costs one probe at most', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    const before = world.broker(A).probed;
    world.broker(A).write('t', '');
    world.run(1_000);
    expect(retainedAt(scene)).to.deep.equal([undefined, undefined, undefined]);
    expect(world.broker(A).probed - before).to.be.at.most(1);
    world.rest();
    scene.expectEverywhere({});
  });

  it('C32: does not delete what follows within the same moment', () => {
    const world = scene.create([40, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', '');
    world.broker(A).write('t', 'second');
    world.rest();
    scene.expectEverywhere({ t: 'second' });
  });

  it('C32: deletes what came just before', () => {
    const world = scene.create([40, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', 'second');
    world.broker(A).write('t', '');
    world.rest();
    scene.expectEverywhere({});
  });

  it('C32: does not delete what is written elsewhere before its broker has answered', () => {
    const world = scene.create([150, 1, 1]);
    scene.introduce('t');
    world.broker(A).write('t', '');
    world.run(200);
    world.broker(B).write('t', 'second');
    world.rest();
    scene.expectEverywhere({ t: 'second' });
  });
});

inWorldOfMqtt311('An empty message, where the broker does not say what it retains,', scene => {
  it('C32: deletes once the broker says it', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.link(0, A).ignoring = 2;
    world.broker(A).write('t', '');
    world.run(500);
    expect(retainedAt(scene)).to.deep.equal([undefined, 'first', 'first']);
    world.rest();
    scene.expectEverywhere({});
  });

  it('C32: deletes nothing elsewhere where it never does', () => {
    const world = scene.create([1, 1, 1]);
    scene.introduce('t');
    world.link(0, A).ignoring = Number.POSITIVE_INFINITY;
    world.broker(A).write('t', '');
    world.run(15 * 60_000);
    expect(retainedAt(scene)).to.deep.equal([undefined, 'first', 'first']);
  });
});

inEachWorld('With RETAIN, a message that is not retained', scene => {
  it('C24: is retained everywhere, and stays so', () => {
    const world = scene.create([1, 1, 1], { filters: [{ retain: true }] });
    world.broker(A).write('t', 'retained');
    world.rest();
    for (const value of ['1', '2']) {
      world.broker(A).write('t', value, false);
      world.run(16_000);
      scene.expectEverywhere({ t: value });
      world.lookAgain();
      scene.expectEverywhere({ t: value });
    }
  });

  it('C24: comes to its own broker as soon as to the others, once that is known not to retain it', () => {
    const world = scene.create([1, 1, 1], { filters: [{ retain: true }] });
    for (const value of ['1', '2']) {
      world.broker(A).write('t', value, false);
      world.lookAgain();
    }
    world.broker(A).write('t', '3', false);
    world.run(1_000);
    scene.expectEverywhere({ t: '3' });
  });
});
