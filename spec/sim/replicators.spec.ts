/** Several replicators over the same brokers converge over MQTT 5, and notice each other over any protocol. */

import { expect } from 'chai';
import { A, B, C, inEachWorld, inWorldOfMqtt5, inWorldOfMqtt311 } from './sim-fixture.ts';

for (const clocks of [
  [0, 0],
  [0, 20_000],
  [-20_000, 0, 20_000],
]) {
  const name = `C18: ${clocks.length} replicators, whose clocks are ahead by ${clocks.join(', ')} ms,`;

  inWorldOfMqtt5(name, fixture => {
    it('publish a write to each broker at most as often as there are replicators', () => {
      const world = fixture.create([1, 40, 150], { clocks });
      fixture.introduce('t');
      const seen = [A, B, C].map(broker => fixture.seenAt(broker));
      world.broker(A).write('t', '1');
      world.rest();
      fixture.expectEverywhere({ t: '1' });
      expect(seen[A]?.()).to.deep.equal(['t=1']);
      for (const broker of [B, C]) expect(seen[broker]?.().length).to.be.within(1, clocks.length);
    });

    it('replicate a deletion, and the topic does not return with a replicator that was disconnected', () => {
      const world = fixture.create([1, 40, 150], { clocks });
      fixture.introduce('t', 'u');
      for (const link of world.replicator(1).links) link.cut();
      world.broker(B).write('t', '');
      world.rest();
      for (const link of world.replicator(1).links) link.connect();
      world.rest();
      fixture.expectEverywhere({ u: 'first' });
    });

    it('leave one of the values that are written at all brokers at once, and fall silent', () => {
      const world = fixture.create([1, 40, 150], { clocks });
      fixture.introduce('t');
      for (let round = 0; round < 20; round++) {
        for (const broker of world.brokers) broker.write('t', `${round} of ${broker.name}`);
        world.run(30);
      }
      world.rest();
      expect(world.expectEqual().get('t')).to.match(/^19 of/);
    });

    it('replicate writes that only one of them can reach', () => {
      const world = fixture.create([1, 40, 150], { clocks });
      fixture.introduce('t');
      world.link(0, A).cut();
      world.link(1, C).cut();
      world.broker(A).write('t', 'by the second');
      world.run(1_000);
      world.broker(C).write('u', 'by the first');
      world.rest();
      fixture.expectEverywhere({ t: 'by the second', u: 'by the first' });
    });
  });
}

inWorldOfMqtt311('C18: Two replicators over MQTT 3.1.1', fixture => {
  it('can pass a message on to each other for ever, since neither recognizes the copies of the other', () => {
    const world = fixture.create([300, 1], { clocks: [0, 0] });
    world.broker(A).write('t', '1', false);
    expect(() => world.rest()).to.throw('still publishing');
  });
});

inEachWorld('C18: Two replicators', fixture => {
  it('I12: notice each other at every broker, also the one that starts later', () => {
    const world = fixture.create([1, 1, 1], { clocks: [0, 0] });
    world.replicator(1).crash();
    world.rest();
    for (const [index, { noticed }] of world.replicators.entries()) {
      const other = world.replicator(1 - index).replica;
      expect([...noticed].map(([{ name }, replicas]) => [name, ...replicas])).to.deep.equal([
        ['A', other],
        ['B', other],
        ['C', other],
      ]);
    }
  });

  it('notice nobody if only one of them runs', () => {
    const world = fixture.create([1, 1, 1]);
    world.crash();
    world.rest();
    expect(world.replicator(0).noticed.size).to.equal(0);
  });
});
