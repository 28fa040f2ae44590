/** Retained and transient messages under one topic. */

import { expect } from 'chai';
import { A, B, C, inEachWorld, inWorldOfMqtt311, type SimFixture } from './sim-fixture.ts';

inEachWorld('A transient message', fixture => {
  it('C19: does not change the retained message of its topic in the end', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'transient', false);
    world.rest();
    fixture.expectEverywhere({ t: 'first' });
  });
});

inWorldOfMqtt311('A transient message over MQTT 3.1.1', fixture => {
  const retainedEverywhere = () => fixture.world.brokers.map(({ retained }) => retained.get('t')?.payload);

  it('C19: counts as retained under a retained topic, until the topic is quiet and probed', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'transient', false);
    world.run(4_000);
    expect(retainedEverywhere()).to.deep.equal(['first', 'transient', 'transient']);
    world.run(16_000);
    expect(retainedEverywhere()).to.deep.equal(['first', 'first', 'first']);
  });

  it('C19: costs no probe while the topic is written repeatedly', () => {
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

inWorldOfMqtt311('An unretained topic over MQTT 3.1.1', fixture => {
  it('C31: is retained at all brokers soon after a client begins to retain it', () => {
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

  it('C31: costs no probe while the topic is written repeatedly', () => {
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

inEachWorld('A transient message at a broker that does not retain what the others do', fixture => {
  const writeTransientAt = (broker: number) => {
    const before = retainedAt(fixture);
    fixture.world.broker(broker).write('t', 'transient', false);
    fixture.world.run(4_000);
    expect(retainedAt(fixture), 'soon after').to.deep.equal(before);
    fixture.world.run(15 * 60_000);
    expect(retainedAt(fixture), 'long after').to.deep.equal(before);
    for (const other of fixture.world.brokers) expect(other.seen, other.name).to.include('t=transient');
  };

  it('C24: changes no retained message if the broker never took the topic', () => {
    const world = fixture.create([1, 1, 1]);
    world.broker(A).denied.add('t');
    world.broker(B).write('t', 'first');
    world.rest();
    // The broker denies all publishes of mqttrep there: only its clients are heard.
    writeTransientAt(A);
  });

  it('C24: changes no retained message if the broker did not take a newer value', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).denied.add('t');
    world.broker(B).write('t', 'second');
    world.rest();
    writeTransientAt(A);
  });

  it('C24: changes no retained message if the value was too large', () => {
    const world = fixture.create([1, 1, 1]);
    world.broker(A).largest = 10;
    world.broker(B).write('t', 'x'.repeat(11));
    world.rest();
    writeTransientAt(A);
  });

  it('C24: changes no retained message if the topic may not be published there', () => {
    const world = fixture.create([1, 1, 1], { filters: [{ publish: (1 << B) | (1 << C) }] });
    world.broker(B).write('t', 'first');
    world.rest();
    writeTransientAt(A);
  });

  it('C24: changes no retained message before the broker is given the topic', () => {
    const world = fixture.create([1, 1, 1], { mergeFrequency: 1 });
    world.broker(B).write('t', 'first');
    world.run(50);
    world.broker(A).write('t', 'transient', false);
    world.rest();
    fixture.expectEverywhere({ t: 'first' });
  });
});

inEachWorld('A retained message at a broker that does not retain what the others do', fixture => {
  it('C24: wins if the broker never took the topic, or did not take a newer value', () => {
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

  it('C24: wins after a transient message', () => {
    const world = fixture.create([1, 1, 1]);
    world.broker(A).denied.add('t');
    world.broker(B).write('t', 'first');
    world.rest();
    world.broker(A).write('t', 'transient', false);
    world.run(1_000);
    world.broker(A).write('t', 'second');
    // Retries of mqttrep meanwhile delay the probe.
    world.run(40_000);
    expect(retainedAt(fixture)).to.deep.equal(new Array(3).fill('second'));
  });

  it('C24: wins if the broker does not say that it retains it', () => {
    const world = fixture.create([1, 1, 1], { mergeFrequency: 1 });
    world.broker(B).write('t', 'first');
    world.rest();
    world.broker(A).cut();
    world.broker(A).wipe();
    world.link(0, A).reads.ignoring = 1;
    world.broker(A).connect();
    world.run(3);
    world.broker(A).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });
});

inEachWorld('An empty transient message', fixture => {
  it('C32: deletes nothing, and reaches the other brokers, if the topic is retained', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    const seen = [B, C].map(broker => fixture.seenAt(broker));
    world.broker(A).write('t', '', false);
    for (let second = 0; second < 10; second++) {
      world.run(1_000);
      expect(retainedAt(fixture)).to.deep.equal(['first', 'first', 'first']);
    }
    world.rest();
    world.scan();
    fixture.expectEverywhere({ t: 'first' });
    for (const seenThere of seen) expect(seenThere()).to.deep.equal(['t=']);
  });

  it('C32: reaches the other brokers if the topic was deleted', () => {
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

inEachWorld('An empty retained message', fixture => {
  it('C32: deletes the topic at all brokers within a second, and costs at most one probe', () => {
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

  it('C32: does not delete the message that follows at once', () => {
    const world = fixture.create([40, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.broker(A).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });

  it('C32: deletes the message that came just before', () => {
    const world = fixture.create([40, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'second');
    world.broker(A).write('t', '');
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: does not delete a message that is written elsewhere before the probe is answered', () => {
    const world = fixture.create([150, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', '');
    world.run(200);
    world.broker(B).write('t', 'second');
    world.rest();
    fixture.expectEverywhere({ t: 'second' });
  });
});

inWorldOfMqtt311('An empty message at a broker that does not say what it retains', fixture => {
  it('C32: deletes the topic once the broker says that it is absent', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.link(0, A).reads.ignoring = 2;
    world.broker(A).write('t', '');
    world.run(500);
    expect(retainedAt(fixture)).to.deep.equal([undefined, 'first', 'first']);
    world.rest();
    fixture.expectEverywhere({});
  });

  it('C32: deletes nothing at other brokers if the broker never answers', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.link(0, A).reads.ignoring = Number.POSITIVE_INFINITY;
    world.broker(A).write('t', '');
    world.run(15 * 60_000);
    expect(retainedAt(fixture)).to.deep.equal([undefined, 'first', 'first']);
  });
});

inEachWorld('A transient message with RETAIN', fixture => {
  it('C24: is retained at all brokers, and stays so', () => {
    const world = fixture.create([1, 1, 1], { filters: [{ retain: true }] });
    world.broker(A).write('t', 'retained');
    world.rest();
    for (const value of ['1', '2']) {
      world.broker(A).write('t', value, false);
      world.run(16_000);
      fixture.expectEverywhere({ t: value });
      world.scan();
      fixture.expectEverywhere({ t: value });
    }
  });

  it('C24: is published to its own broker as soon as to the others, once that is known not to retain it', () => {
    const world = fixture.create([1, 1, 1], { filters: [{ retain: true }] });
    for (const value of ['1', '2']) {
      world.broker(A).write('t', value, false);
      world.scan();
    }
    world.broker(A).write('t', '3', false);
    world.run(1_000);
    fixture.expectEverywhere({ t: '3' });
  });
});
