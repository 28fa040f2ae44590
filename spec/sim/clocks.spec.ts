/** Counterexamples with clocks that are wrong or are set, and with forged stamps. */

import { expect } from 'chai';
import { simStamp } from './sim-broker.ts';
import { A, B, inEachWorld, inWorldOfMqtt5 } from './sim-fixture.ts';
import { MAX_DRIFT } from './sim-replicator.ts';

const YEAR = 365 * 24 * 60 * 60_000;

inEachWorld('A clock that is set', fixture => {
  for (const [name, jump] of [
    ['back to 1976', -50 * YEAR],
    ['back by an hour', -60 * 60_000],
    ['ahead to 2099', 73 * YEAR],
  ] as const) {
    it(`C15: lets the last write win if it is set ${name}`, () => {
      const world = fixture.create([1, 40, 1]);
      fixture.introduce('t');
      world.broker(A).write('t', '1');
      world.run(110);
      world.replicator(0).machine.ahead = jump;
      world.broker(B).write('t', '2');
      world.rest();
      fixture.expectEverywhere({ t: '2' });
    });

    it(`C15: lets the last write win if it is set ${name} while mqttrep is down`, () => {
      const world = fixture.create([1, 40, 1]);
      fixture.introduce('t');
      world.replicator(0).machine.ahead = jump;
      world.crash();
      world.rest();
      world.broker(A).write('t', '2');
      world.run(50);
      world.broker(B).write('t', '3');
      world.rest();
      fixture.expectEverywhere({ t: '3' });
    });

    it(`C15: does not stop retries of a denied topic if it is set ${name}`, () => {
      const world = fixture.create([1, 1, 1]);
      fixture.introduce('t');
      world.broker(B).denied.add('t');
      world.broker(A).write('t', '1');
      world.run(60_000);
      world.replicator(0).machine.ahead = jump;
      world.broker(B).denied.clear();
      world.run(15 * 60_000);
      fixture.expectEverywhere({ t: '1' });
    });
  }
});

inWorldOfMqtt5('A stamp', fixture => {
  function forge(broker: number, topic: string, payload: string, time: number): void {
    const written = { topic, payload };
    const stamp = simStamp(written, { time, counter: 0xffff_ffff, replica: 'forged' }, 'forged');
    fixture.world.broker(broker).store({ ...written, retain: true, stamp });
  }

  it('C16: from 2099 is not believed, so the next write wins', () => {
    const world = fixture.create([1, 40, 1]);
    fixture.introduce('t');
    forge(A, 't', 'hostile', Date.UTC(2099, 0, 1));
    world.run(500);
    world.broker(B).write('t', 'next');
    world.rest();
    fixture.expectEverywhere({ t: 'next' });
  });

  it('C16: from 2099 is not believed either if only a probe finds it', () => {
    const world = fixture.create([1, 40, 1]);
    fixture.introduce('t');
    world.broker(A).dropping = 1;
    forge(A, 't', 'hostile', Date.UTC(2099, 0, 1));
    world.scan();
    fixture.expectEverywhere({ t: 'hostile' });
    world.broker(B).write('t', 'next');
    world.rest();
    fixture.expectEverywhere({ t: 'next' });
  });

  it('C16: within the drift that is believed loses to the next write', () => {
    const world = fixture.create([1, 40, 1]);
    fixture.introduce('t');
    forge(A, 't', 'hostile', world.now + MAX_DRIFT);
    world.run(500);
    world.broker(B).write('t', 'next');
    world.rest();
    fixture.expectEverywhere({ t: 'next' });
  });

  it('C16: of long ago loses, and its broker is given the winner', () => {
    const world = fixture.create([1, 40, 1]);
    fixture.introduce('t');
    forge(A, 't', 'stale', world.now - YEAR);
    world.rest();
    fixture.expectEverywhere({ t: 'first' });
  });

  it('C16: is not believed on a message onto which a client copied it', () => {
    const world = fixture.create([1, 40, 1]);
    fixture.introduce('t');
    expect(world.broker(B).retained.get('t')?.stamp, 'the stamp of a replicator').to.not.equal(undefined);
    world.broker(B).copy('t', 'changed');
    world.rest();
    fixture.expectEverywhere({ t: 'changed' });
  });
});
