/** Messages of both kinds under one topic: those that are retained, and those that are not. */

import { expect } from 'chai';
import { A, B, C, inEachWorld, inWorldOfMqtt311, type SimFixture } from './sim-fixture.ts';

inEachWorld('A message that is not retained', fixture => {
  it('C19: under a topic that retains one leaves it as it is in the end', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'transient', false);
    world.rest();
    fixture.expectEverywhere({ t: 'first' });
  });
});

inWorldOfMqtt311('Over MQTT 3.1.1 a message that is not retained', fixture => {
  const retainedEverywhere = () => fixture.world.brokers.map(({ retained }) => retained.get('t')?.payload);

  it('C19: counts as retained at first, under a topic that retains one, and is looked at once it is quiet', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'transient', false);
    world.run(4_000);
    expect(retainedEverywhere()).to.deep.equal(['first', 'transient', 'transient']);
    world.run(16_000);
    expect(retainedEverywhere()).to.deep.equal(['first', 'first', 'first']);
  });

  it('C19: costs no look as long as the topic is written again and again', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    const before = world.broker(A).probed;
    for (let second = 0; second < 60; second++) {
      world.broker(A).write('t', String(second));
      world.run(1_000);
    }
    expect(world.broker(A).probed).to.equal(before);
    world.rest();
    expect(world.broker(A).probed).to.equal(before + 1);
    fixture.expectEverywhere({ t: '59' });
  });
});

inWorldOfMqtt311('Over MQTT 3.1.1 a topic of which nothing was retained', fixture => {
  it('C31: is retained everywhere soon after a client begins to retain it, once the topic is quiet', () => {
    const world = fixture.create([1, 1, 1]);
    for (const value of ['1', '2', '3']) {
      world.broker(A).write('t', value, false);
      world.run(1_000);
    }
    world.run(10_000);
    expect(retainedAt(fixture)).to.deep.equal([undefined, undefined, undefined]);
    world.broker(A).write('t', 'retained');
    world.run(10_000);
    fixture.expectEverywhere({ t: 'retained' });
  });

  it('C31: costs no look as long as the topic is written again and again', () => {
    const world = fixture.create([1, 1, 1]);
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
function retainedAt({ world }: SimFixture): (string | undefined)[] {
  return world.brokers.map(({ retained }) => retained.get('t')?.payload);
}

inEachWorld(
  'At a broker that does not retain what the others do, a message that is not retained',
  fixture => {
    const passAt = (broker: number) => {
      const before = retainedAt(fixture);
      fixture.world.broker(broker).write('t', 'transient', false);
      fixture.world.run(4_000);
      expect(retainedAt(fixture), 'soon after').to.deep.equal(before);
      fixture.world.run(15 * 60_000);
      expect(retainedAt(fixture), 'long after').to.deep.equal(before);
      for (const other of fixture.world.brokers) expect(other.seen, other.name).to.include('t=transient');
    };

    it('C24: changes nothing elsewhere, where the topic was never taken', () => {
      const world = fixture.create([1, 1, 1]);
      world.broker(A).denied.add('t');
      world.broker(B).write('t', 'first');
      world.rest();
      // What mqttrep hands on is denied as well: only a client of the broker is heard there.
      passAt(A);
    });

    it('C24: changes nothing elsewhere, where a newer value was not taken', () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce('t');
      world.broker(A).denied.add('t');
      world.broker(B).write('t', 'second');
      world.rest();
      passAt(A);
    });

    it('C24: changes nothing elsewhere, where the value was too large', () => {
      const world = fixture.create([1, 1, 1]);
      world.broker(A).largest = 10;
      world.broker(B).write('t', 'x'.repeat(11));
      world.rest();
      passAt(A);
    });

    it('C24: changes nothing elsewhere, where the topic may not be published', () => {
      const world = fixture.create([1, 1, 1], { filters: [{ publish: (1 << B) | (1 << C) }] });
      world.broker(B).write('t', 'first');
      world.rest();
      passAt(A);
    });

    it('C24: changes nothing elsewhere, before the broker has been given the topic', () => {
      const world = fixture.create([1, 1, 1], { mergeFrequency: 1 });
      world.broker(B).write('t', 'first');
      world.run(50);
      world.broker(A).write('t', 'transient', false);
      world.rest();
      fixture.expectEverywhere({ t: 'first' });
    });
  },
);

inEachWorld('At a broker that does not retain what the others do, a message that is retained', fixture => {
  it('C24: wins, where the topic was never taken, or a newer value was not', () => {
    const world = fixture.create([1, 1, 1]);
    world.broker(A).denied.add('t');
    for (const value of ['first', 'second']) {
      world.broker(B).write('t', value);
      world.rest();
      world.broker(A).write('t', `after ${value}`);
      world.run(4_000);
      expect(retainedAt(fixture)).to.deep.equal(new Array(3).fill(`after ${value}`));
    }
  });

  it('C24: wins, after one that was not retained', () => {
    const world = fixture.create([1, 1, 1]);
    world.broker(A).denied.add('t');
    world.broker(B).write('t', 'first');
    world.rest();
    world.broker(A).write('t', 'transient', false);
    world.run(1_000);
    world.broker(A).write('t', 'second');
    // What mqttrep tries again meanwhile puts the look off.
    world.run(40_000);
    expect(retainedAt(fixture)).to.deep.equal(new Array(3).fill('second'));
  });

  it('C24: wins, where the broker does not say that it retains it', () => {
    const world = fixture.create([1, 1, 1], { mergeFrequency: 1 });
    world.broker(B).write('t', 'first');
    world.rest();
    world.broker(A).cut();
    world.broker(A).wipe();
    world.link(0, A).ignoring = 1;
    world.broker(A).connect();
    world.run(3);
    world.broker(A).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });
});

inEachWorld('An empty message that is not retained', fixture => {
  it('C32: deletes nothing, and reaches the other brokers, where the topic is retained', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    const seen = [B, C].map(broker => fixture.seenAt(broker));
    world.broker(A).write('t', '', false);
    for (let second = 0; second < 10; second++) {
      world.run(1_000);
      expect(retainedAt(fixture)).to.deep.equal(['first', 'first', 'first']);
    }
    world.rest();
    world.lookAgain();
    fixture.expectEverywhere({ t: 'first' });
    for (const seenThere of seen) expect(seenThere()).to.deep.equal(['t=']);
  });

  it('C32: reaches the other brokers where the topic was deleted', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.rest();
    const seen = [B, C].map(broker => fixture.seenAt(broker));
    world.broker(A).write('t', '', false);
    world.rest();
    fixture.expectEverywhere({});
    for (const seenThere of seen) expect(seenThere()).to.deep.equal(['t=']);
  });
});

inEachWorld('An empty message that is retained', fixture => {
  it('C32: deletes everywhere within a second, and costs one probe at most', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    const before = world.broker(A).probed;
    world.broker(A).write('t', '');
    world.run(1_000);
    expect(retainedAt(fixture)).to.deep.equal([undefined, undefined, undefined]);
    expect(world.broker(A).probed - before).to.be.at.most(1);
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: does not delete what follows within the same moment', () => {
    const world = fixture.create([40, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.broker(A).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });

  it('C32: deletes what came just before', () => {
    const world = fixture.create([40, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'second');
    world.broker(A).write('t', '');
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: does not delete what is written elsewhere before its broker has answered', () => {
    const world = fixture.create([150, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.run(200);
    world.broker(B).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });
});

inWorldOfMqtt311('An empty message, where the broker does not say what it retains,', fixture => {
  it('C32: deletes once the broker says it', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.link(0, A).ignoring = 2;
    world.broker(A).write('t', '');
    world.run(500);
    expect(retainedAt(fixture)).to.deep.equal([undefined, 'first', 'first']);
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: deletes nothing elsewhere where it never does', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.link(0, A).ignoring = Number.POSITIVE_INFINITY;
    world.broker(A).write('t', '');
    world.run(15 * 60_000);
    expect(retainedAt(fixture)).to.deep.equal([undefined, 'first', 'first']);
  });
});

inEachWorld('With RETAIN, a message that is not retained', fixture => {
  it('C24: is retained everywhere, and stays so', () => {
    const world = fixture.create([1, 1, 1], { filters: [{ retain: true }] });
    world.broker(A).write('t', 'retained');
    world.rest();
    for (const value of ['1', '2']) {
      world.broker(A).write('t', value, false);
      world.run(16_000);
      fixture.expectEverywhere({ t: value });
      world.lookAgain();
      fixture.expectEverywhere({ t: value });
    }
  });

  it('C24: comes to its own broker as soon as to the others, once that is known not to retain it', () => {
    const world = fixture.create([1, 1, 1], { filters: [{ retain: true }] });
    for (const value of ['1', '2']) {
      world.broker(A).write('t', value, false);
      world.lookAgain();
    }
    world.broker(A).write('t', '3', false);
    world.run(1_000);
    fixture.expectEverywhere({ t: '3' });
  });
});
