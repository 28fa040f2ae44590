/** Messages at a broker that lacks what the others retain: transient ones change nothing, retained ones win. */

import { expect } from 'chai';
import { A, B, C, inEachWorld } from './sim-fixture.ts';

inEachWorld('A transient message at a broker that does not retain what the others do', fixture => {
  const writeTransientAt = (broker: number) => {
    const before = fixture.retained();
    fixture.world.broker(broker).write('t', 'transient', false);
    fixture.world.run(4_000);
    expect(fixture.retained(), 'soon after').to.deep.equal(before);
    fixture.world.run(15 * 60_000);
    expect(fixture.retained(), 'long after').to.deep.equal(before);
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
      expect(fixture.retained()).to.deep.equal(new Array(3).fill(`after ${value}`));
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
    expect(fixture.retained()).to.deep.equal(new Array(3).fill('second'));
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
