/** Retained and transient messages under one topic. */

import { expect } from 'chai';
import { A, B, C, inEachWorld, inWorldOfMqtt311 } from './sim-fixture.ts';

inEachWorld('A transient message', fixture => {
  it('C19: does not change the retained message of its topic in the end', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'transient', false);
    world.rest();
    fixture.expectEverywhere({ t: 'first' });
  });

  it('C33: reaches each broker although 32 publishes of its topic were pending there', () => {
    const world = fixture.create([1, 400, 1], { mergeFrequency: 50 });
    const seen = [B, C].map(broker => fixture.seenAt(broker));
    for (let count = 1; count <= 38; count++) {
      world.broker(A).write('t', String(count), false);
      world.run(20);
    }
    world.rest();
    for (const seenThere of seen) expect(seenThere().at(-1)).to.equal('t=38');
  });
});

inWorldOfMqtt311('A transient message over MQTT 3.1.1', fixture => {
  it('C19: counts as retained under a retained topic, until the topic is quiet and probed', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.broker(A).write('t', 'transient', false);
    world.run(4_000);
    expect(fixture.retained()).to.deep.equal(['first', 'transient', 'transient']);
    world.run(16_000);
    expect(fixture.retained()).to.deep.equal(['first', 'first', 'first']);
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
    expect(fixture.retained()).to.deep.equal([undefined, undefined, undefined]);
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
