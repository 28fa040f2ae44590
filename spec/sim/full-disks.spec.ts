/** Counterexamples of a disk that is full: replication goes on, and what could not be stored is missed at a crash. */

import { expect } from 'chai';
import { A, B, inEachWorld } from './sim-fixture.ts';

inEachWorld('A full disk', fixture => {
  it('and a crash leave equal brokers, and over MQTT 5 the newest value', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t');
    world.store.isFull = true;
    world.broker(A).write('t', 'old');
    world.rest();
    world.broker(B).cut();
    world.broker(A).write('t', 'new');
    world.run(1_000);
    world.crash();
    world.rest();
    const stamped = world.brokers.every(({ mqtt5 }) => mqtt5);
    expect(world.expectEqual().get('t')).to.be.oneOf(stamped ? ['new'] : ['new', 'old']);
    const complaints = world.log.filter(line => line.includes('the disk is full'));
    expect(complaints, 'once in each life').to.have.lengthOf(2);
  });

  it('that has room again stores what it did not take', () => {
    const world = fixture.create([1, 1, 1]);
    fixture.introduce('t', 'u');
    world.store.isFull = true;
    world.broker(A).write('t', '1');
    world.broker(A).write('u', '');
    world.rest();
    fixture.expectEverywhere({ t: '1' });
    world.store.isFull = false;
    world.run(60_000);
    expect(world.log.filter(line => line.includes('is stored again'))).to.have.lengthOf(1);
    expect(world.store.state.topics.get('t')?.register.winner?.payload).to.equal('1');
    expect(world.store.state.topics.get('u')?.register.winner?.payload).to.equal('');
  });
});
