/** The counterexamples of the design, one by one: each was once found in a simulation or at a real broker. */

import { expect } from 'chai';
import { DELETION_AGE } from '../../lib/core/step.ts';
import { World, type WorldOptions } from './world.ts';

const MIXES: readonly (readonly [name: string, mqtt5: readonly boolean[]])[] = [
  ['MQTT 5', [true, true, true]],
  ['MQTT 3.1.1', [false, false, false]],
  ['both protocols', [true, false, true]],
];

const [A, B, C] = [0, 1, 2];

for (const [mix, mqtt5] of MIXES) {
  describe(`In a world of ${mix}`, () => {
    let world: World;

    function create(
      latencies: readonly number[],
      options: Partial<WorldOptions> = {},
      from: 'rest' | 'at once' = 'rest',
    ): void {
      const brokers = latencies.map((latency, index) => ({ latency, mqtt5: mqtt5[index] ?? false }));
      world = new World({ brokers, ...options });
      if (from === 'rest') world.rest();
    }

    function expectEverywhere(expected: Readonly<Record<string, string>>): void {
      expect(Object.fromEntries(world.expectEqual()), world.toString()).to.deep.equal(expected);
    }

    /** What clients of a broker saw from now on. */
    function seenAt(broker: number): () => string[] {
      const { seen } = world.broker(broker);
      const before = seen.length;
      return () => seen.slice(before);
    }

    /** `t` is known to be retained: over MQTT 3.1.1 that has to be found out first. */
    function introduce(...topics: readonly string[]): void {
      for (const topic of topics) world.broker(A).write(topic, 'first');
      world.rest();
      world.expectEqual();
    }

    afterEach(() => world?.end());

    it('an echo that comes after the next publish flips nothing', () => {
      create([1, 300, 300]);
      introduce('t');
      const [atA, atB] = [seenAt(A), seenAt(B)];
      for (const value of ['1', '2', '3', '4', '5']) {
        world.broker(A).write('t', value);
        world.run(100);
      }
      world.rest();
      expectEverywhere({ t: '5' });
      expect(atA()).to.deep.equal(['t=1', 't=2', 't=3', 't=4', 't=5']);
      expect(atB()).to.deep.equal(['t=1', 't=2', 't=3', 't=4', 't=5']);
    });

    it('a fast writer is seen elsewhere in order, each sampled value at most once', () => {
      create([150, 150, 1], { mergeFrequency: 20 });
      introduce('t');
      const [atA, atB, atC] = [seenAt(A), seenAt(B), seenAt(C)];
      for (let count = 1; count <= 200; count++) {
        world.broker(A).write('t', String(count));
        world.run(20);
      }
      world.rest();
      expectEverywhere({ t: '200' });
      expect(atA()).to.deep.equal(Array.from({ length: 200 }, (_, index) => `t=${index + 1}`));
      for (const seen of [atB(), atC()]) {
        const values = seen.map(value => Number(value.slice(2)));
        expect(values).to.deep.equal([...new Set(values)].sort((a, b) => a - b));
        expect(values.length).to.be.within(70, 90);
      }
    });

    it('a toggling writer is never answered with what it wrote before', () => {
      create([150, 150, 1], { mergeFrequency: 20 });
      introduce('t');
      const atA = seenAt(A);
      for (let count = 1; count <= 101; count++) {
        world.broker(A).write('t', count % 2 === 0 ? 'OFF' : 'ON');
        world.run(30);
      }
      world.rest();
      expectEverywhere({ t: 'ON' });
      expect(atA()).to.have.lengthOf(101);
    });

    it('two toggling writers leave equal brokers, and silence', () => {
      create([150, 150, 1], { mergeFrequency: 20 });
      introduce('t');
      for (let count = 1; count <= 50; count++) {
        world.broker(A).write('t', count % 2 === 0 ? 'OFF' : 'ON');
        world.run(17);
        world.broker(B).write('t', count % 3 === 0 ? 'OFF' : 'ON');
        world.run(13);
      }
      world.rest();
      expect(world.expectEqual().get('t')).to.be.oneOf(['ON', 'OFF']);
    });

    it('a foreign write between our publish and its echo is not lost', () => {
      create([1, 300, 1]);
      introduce('t');
      world.broker(A).write('t', 'ours');
      world.run(200);
      world.broker(B).write('t', 'theirs');
      world.rest();
      expect(world.expectEqual().get('t')).to.be.oneOf(['ours', 'theirs']);
    });

    it('a client that writes the very value in flight changes nothing', () => {
      create([1, 300, 1]);
      introduce('t');
      world.broker(A).write('t', '1');
      world.run(200);
      world.broker(B).write('t', '1');
      world.rest();
      expectEverywhere({ t: '1' });
      expect(world.broker(B).received + world.broker(C).received).to.be.at.most(4);
    });

    it('writes at all brokers at once leave one of them, everywhere', () => {
      create([150, 1, 40]);
      introduce('t');
      for (const broker of world.brokers) broker.write('t', `of ${broker.name}`);
      world.rest();
      expect(world.expectEqual().get('t')).to.be.oneOf(['of A', 'of B', 'of C']);
    });

    it('a publish of which the echo is lost is not sent again', () => {
      create([1, 1, 1]);
      introduce('t');
      const received = world.broker(B).received;
      world.broker(B).dropping = 1;
      world.broker(A).write('t', '1');
      world.rest();
      expectEverywhere({ t: '1' });
      expect(world.broker(B).received).to.equal(received + 1);
    });

    it('a message that the broker dropped on its way to us is found in the end', () => {
      create([1, 1, 1]);
      introduce('t');
      world.broker(B).dropping = 1;
      world.broker(B).write('t', '1');
      world.run(15 * 60_000).rest();
      expectEverywhere({ t: '1' });
    });

    it('a topic that a broker denies us is tried again with growing distance, and holds up no other', () => {
      create([1, 1, 1]);
      introduce('t', 'u');
      world.broker(B).denied.add('t');
      const attempts = attemptsAt(B, 60 * 60, () => {
        world.broker(A).write('t', '1');
        world.broker(A).write('u', '1');
      });
      const distances = attempts.slice(1).map((at, index) => at - (attempts[index] ?? at));
      expect(world.broker(B).retained.get('u')?.payload).to.equal('1');
      expect(world.broker(C).retained.get('t')?.payload).to.equal('1');
      expect(distances, `tried at seconds ${attempts}`).to.deep.equal(distances.toSorted((a, b) => a - b));
      expect(attempts.length, `tried at seconds ${attempts}`).to.be.within(5, 15);
      const said = world.log.filter(line => line.includes('does not take "t"'));
      expect(said).to.have.lengthOf(1);
      expect(world.log.filter(line => line.includes('takes "t" again'))).to.deep.equal([]);
    });

    it('a topic that a broker denied us gets there once it is permitted', () => {
      create([1, 1, 1]);
      introduce('t');
      world.broker(B).denied.add('t');
      world.broker(A).write('t', '1');
      world.run(60 * 60_000);
      world.broker(B).denied.clear();
      world.run(15 * 60_000);
      expectEverywhere({ t: '1' });
      expect(world.log.filter(line => line.includes('takes "t" again'))).to.have.lengthOf(1);
    });

    it('what a broker retained before we came is older than a live write, though its first replay is cut', () => {
      create([100, 1, 1], {}, 'at once');
      world.broker(A).write('t', 'old');
      world.run(50);
      world.broker(B).write('t', 'new');
      world.run(300);
      world.broker(A).cut();
      world.broker(A).connect();
      world.rest();
      expectEverywhere({ t: 'new' });
    });

    it('a broker that was wiped is refilled', () => {
      create([1, 1, 1]);
      introduce('t', 'u', 'v');
      world.broker(B).cut();
      world.broker(B).wipe();
      world.broker(B).connect();
      world.rest();
      expectEverywhere({ t: 'first', u: 'first', v: 'first' });
    });

    it('a broker that went back in time is brought up to date', () => {
      create([1, 1, 1]);
      introduce('t');
      world.broker(B).autosave();
      world.broker(A).write('t', '2');
      world.broker(C).write('v', '3');
      world.rest();
      world.broker(B).cut();
      world.broker(B).goBack();
      world.broker(B).connect();
      world.rest();
      expectEverywhere({ t: '2', v: '3' });
    });

    it('a deleted topic does not come back with a broker that went back in time', () => {
      create([1, 1, 1]);
      introduce('t');
      world.broker(B).autosave();
      world.broker(A).write('t', '');
      world.rest();
      world.broker(B).cut();
      world.broker(B).goBack();
      world.broker(B).connect();
      world.rest();
      expectEverywhere({});
    });

    it('a topic deleted while we were away is deleted everywhere', () => {
      create([1, 1, 1]);
      introduce('t', 'u');
      world.broker(B).cut();
      world.broker(B).write('t', '');
      world.broker(B).connect();
      world.rest();
      expectEverywhere({ u: 'first' });
    });

    it('a topic deleted while we were away is kept where it was written anew elsewhere', () => {
      create([1, 1, 1]);
      introduce('t');
      world.broker(B).cut();
      world.broker(B).write('t', '');
      world.broker(A).write('t', 'newer');
      world.run(1_000);
      world.broker(B).connect();
      world.rest();
      expectEverywhere({ t: 'newer' });
    });

    it('a topic deleted elsewhere while a broker is away does not come back with it', () => {
      create([1, 1, 1]);
      introduce('t');
      world.broker(B).cut();
      world.broker(A).write('t', '');
      world.run(24 * 60 * 60_000);
      world.broker(B).connect();
      world.rest();
      expectEverywhere({});
    });

    it('a topic created and deleted within one tick leaves nothing at a broker that is away', () => {
      create([1, 1, 1]);
      world.broker(B).cut();
      const atB = seenAt(B);
      world.broker(A).write('t', '1');
      world.run(2);
      world.broker(A).write('t', '');
      world.rest();
      world.broker(B).connect();
      world.rest();
      expectEverywhere({});
      expect(atB().filter(value => value !== 't=')).to.deep.equal([]);
    });

    for (const moment of [10, 110, 130, 160, 400]) {
      it(`a crash ${moment} ms after a write loses nothing`, () => {
        create([1, 1, 1], { storeLatency: 30 });
        introduce('t');
        world.broker(A).write('t', '1');
        world.run(moment);
        world.crash();
        world.rest();
        expectEverywhere({ t: '1' });
      });
    }

    it('a crash while the disk was full leaves equal brokers, and over MQTT 5 the newest value', () => {
      create([1, 1, 1]);
      introduce('t');
      world.store.isFull = true;
      world.broker(A).write('t', 'old');
      world.rest();
      world.broker(B).cut();
      world.broker(A).write('t', 'new');
      world.run(1_000);
      world.crash();
      world.rest();
      const stamped = mqtt5.every(Boolean);
      expect(world.expectEqual().get('t')).to.be.oneOf(stamped ? ['new'] : ['new', 'old']);
      const complaints = world.log.filter(line => line.includes('the disk is full'));
      expect(complaints, 'once in each life').to.have.lengthOf(2);
    });

    it('what the disk did not take is stored when there is room again', () => {
      create([1, 1, 1]);
      introduce('t', 'u');
      world.store.isFull = true;
      world.broker(A).write('t', '1');
      world.broker(A).write('u', '');
      world.rest();
      expectEverywhere({ t: '1' });
      world.store.isFull = false;
      world.run(60_000);
      expect(world.log.filter(line => line.includes('is stored again'))).to.have.lengthOf(1);
      expect(world.store.state.topics.get('t')?.register.winner?.payload).to.equal('1');
      expect(world.store.state.topics.get('u')?.register.winner?.payload).to.equal('');
    });

    it('a slow broker gets the newest of each topic, and holds up no other', () => {
      create([1, 3_000, 1]);
      const topics = Array.from({ length: 1_100 }, (_, index) => `t${index}`);
      introduce(...topics);
      const [atB, before] = [seenAt(B), world.broker(B).received];
      const rounds = 8;
      for (let round = 1; round <= rounds; round++) {
        for (const topic of topics) world.broker(A).write(topic, String(round));
        world.run(200);
      }
      world.run(200);
      expect(
        [...world.broker(C).retained.values()].filter(({ payload }) => payload === '8'),
      ).to.have.lengthOf(1_100);
      world.rest();
      expectEverywhere(Object.fromEntries(topics.map(topic => [topic, '8'])));
      expect(world.broker(B).received - before).to.be.below((topics.length * rounds) / 2);
      const rising = atB()
        .filter(value => value.startsWith('t0='))
        .map(value => Number(value.slice(3)));
      expect(rising).to.deep.equal(rising.toSorted((a, b) => a - b));
    });

    it('an expired topic is erased everywhere, and forgotten', () => {
      create([1, 40, 1], { filter: { ttl: 10_000 } });
      introduce('t');
      world.broker(A).write('t', '1');
      world.run(9_000);
      expectEverywhere({ t: '1' });
      world.rest();
      expectEverywhere({});
      world.run(DELETION_AGE + 60_000);
      expect(world.reconciler.table.get('t')).to.equal(undefined);
    });

    it('a topic that is written again and again does not expire', () => {
      create([1, 40, 1], { filter: { ttl: 10_000 } });
      for (let time = 0; time < 10; time++) {
        world.broker(A).write('t', '1');
        world.run(5_000);
      }
      expectEverywhere({ t: '1' });
    });

    it('a topic that expires while we are down is erased when we return', () => {
      create([1, 1, 1], { filter: { ttl: 60_000 } });
      world.broker(A).write('t', '1');
      world.run(30_000);
      expectEverywhere({ t: '1' });
      for (const broker of world.brokers) broker.cut();
      world.crash();
      world.run(35_000);
      world.rest();
      expectEverywhere({});
    });

    /** The seconds at which the topic under test was sent to a broker. */
    function attemptsAt(broker: number, seconds: number, act: () => void): number[] {
      const at = world.broker(broker);
      act();
      world.run(900);
      const attempts: number[] = [];
      for (let second = 1, before = at.received; second <= seconds; second++) {
        world.run(1_000);
        if (at.received > before) attempts.push(second);
        before = at.received;
      }
      return attempts;
    }
  });
}
