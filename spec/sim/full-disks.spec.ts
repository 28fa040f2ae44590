/** Counterexamples with a full disk: replication goes on, and a crash loses what could not be stored. */

import { expect } from 'chai';
import { A, B, inEachWorld } from './sim-fixture.ts';

inEachWorld('A full disk', fixture => {
  it('leaves equal brokers after a crash, and over MQTT 5 the newest value', () => {
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
    const allReturnStamps = world.brokers.every(({ mqtt5 }) => mqtt5);
    expect(world.expectEqual().get('t')).to.be.oneOf(allReturnStamps ? ['new'] : ['new', 'old']);
    const complaints = world.log.filter(line => line.includes('the disk is full'));
    expect(complaints, 'once after each start').to.have.lengthOf(2);
  });

  it('loses nothing once it has room again: what it refused is stored', () => {
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
