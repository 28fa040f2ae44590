/** The topics by name are a Map: topics at rest are returned as they were set, whatever other topics came and went. */

import { expect } from 'chai';
import fc from 'fast-check';
import { lacks } from '../../../lib/core/offer.ts';
import { Policies } from '../../../lib/core/policy.ts';
import {
  atRest,
  emptyRegister,
  type Held,
  isAtRest,
  type Message,
  NOBODY,
} from '../../../lib/core/register.ts';
import type { Topic } from '../../../lib/reconciler/topics/topic.ts';
import { TopicMap } from '../../../lib/reconciler/topics/topic-map.ts';
import { UNCOUNTED } from '../../../lib/reconciler/topics/topic-stats.ts';

const BROKERS = 3;
const NAMES = ['a', 'b', 'c', '__proto__'];

const policy = new Policies([{ filter: '#', subscribe: 7, publish: 7 }], BROKERS).of('a');

const time = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 0, max: 2 ** 45 }));

const message: fc.Arbitrary<Message> = fc.record({
  payload: fc.constantFrom('', 'x', '\xff\x00'),
  properties: fc.constantFrom(undefined, '', '[true,null,null,null,[["a","b"]]]'),
  version: fc.record({
    time: fc.integer({ min: 0, max: 2 ** 45 }),
    counter: fc.constantFrom(0, 1, 2 ** 32 - 1),
    replica: fc.constantFrom('', 'r', 'another'),
  }),
  origin: fc.integer({ min: NOBODY, max: 29 }),
  messageExpiresAt: time,
  ttlExpiresAt: time,
});

/** What a broker holds: the winner, nothing, or another message. */
type Has = 'winner' | 'absent' | 'unknown' | Message;

const has: fc.Arbitrary<Has> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('winner' as const, 'absent' as const, 'unknown' as const) },
  { weight: 1, arbitrary: message },
);

const topic: fc.Arbitrary<Topic> = fc
  .record({
    winner: message,
    has: fc.array(has, { minLength: BROKERS, maxLength: BROKERS }),
    unretained: fc.nat(7),
    isConverged: fc.boolean(),
    seenAt: fc.array(fc.nat(), { minLength: BROKERS, maxLength: BROKERS }),
    probes: fc.constantFrom([], [], [], [{ broker: 0, isStale: false }]),
  })
  .map(({ winner, has, unretained, isConverged, seenAt, probes }) => {
    const holds = winner.payload === '' ? 'absent' : winner;
    const held = has.map((one): Held => (one === 'winner' ? holds : one));
    return {
      register: { ...atRest(winner, held, unretained), probes },
      policy,
      seenAt,
      convergedWinner: isConverged ? winner : undefined,
      status: UNCOUNTED,
    };
  });

const name = fc.constantFrom(...NAMES);

const deed = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set' as const), name, topic }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
);

function put(topics: TopicMap, winner: Message, held: readonly Held[]): void {
  const status = UNCOUNTED;
  topics.set('t', {
    register: atRest(winner, held, 0),
    policy,
    seenAt: [0],
    convergedWinner: undefined,
    status,
  });
}

describe('TopicMap', () => {
  it('behaves as a Map', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), deeds => {
        const topics = new TopicMap(BROKERS);
        const model = new Map<string, Topic>();
        for (const deed of deeds) {
          if (deed.kind === 'set') {
            topics.set(deed.name, deed.topic);
            model.set(deed.name, deed.topic);
          } else expect(topics.delete(deed.name)).to.equal(model.delete(deed.name));
          expect(topics.size).to.equal(model.size);
          for (const name of NAMES) {
            expect(topics.has(name)).to.equal(model.has(name));
            expect(topics.get(name)).to.deep.equal(model.get(name));
          }
        }
        expect([...topics.entries()]).to.deep.equal([...model]);
        expect([...topics.keys()]).to.deep.equal([...model.keys()]);
        const resting = [...model.values()].filter(({ register }) => isAtRest(register));
        expect(topics.resting).to.equal(resting.length);
      }),
    );
  });

  it('returns a topic at rest with one winner object, which the brokers hold', () => {
    const [winner] = fc.sample(
      message.filter(({ payload }) => payload !== ''),
      1,
    );
    if (winner === undefined) return expect.fail();
    const topics = new TopicMap(2);
    put(topics, winner, [winner, 'absent']);
    const register = topics.get('t')?.register;
    expect(register?.held[0]).to.equal(register?.winner);
    expect(topics.resting).to.equal(1);
  });

  it('knows of a topic at rest what a broker lacks, as the core says it', () => {
    fc.assert(
      fc.property(topic, fc.nat(BROKERS - 1), fc.boolean(), (one, broker, isPublished) => {
        const topics = new TopicMap(BROKERS);
        topics.set('t', isPublished ? one : { ...one, policy: { ...policy, publish: 0 } });
        const isLacking = isPublished && lacks(one.register, broker);
        expect([...topics.lackingAt(broker)]).to.deep.equal(isLacking ? ['t'] : []);
      }),
    );
  });

  it('keeps a topic that is written as an object, and in columns once it may rest', () => {
    const [winner] = fc.sample(message, 1);
    if (winner === undefined) return expect.fail();
    const topics = new TopicMap(1);
    const status = { state: 'converged', lacking: 0 } as const;
    const topic = {
      register: atRest(winner, ['absent'], 0),
      policy,
      seenAt: [1],
      convergedWinner: winner,
      status,
    };
    const inUse = topics.write('t', topics.find('t'), topic);
    expect(topics.resting).to.equal(0);
    expect(topics.get('t')).to.equal(topic);
    const { bytes } = topics.usage;
    expect(topics.rest(inUse)).to.equal(true);
    expect(topics.resting).to.equal(1);
    expect(topics.get('t')).to.deep.equal(topic);
    const place = topics.find('t');
    if (place === undefined) return expect.fail();
    topics.setStatus(place, UNCOUNTED);
    topics.write('t', place, { ...topics.at(place), status });
    expect(topics.resting).to.equal(0);
    expect(topics.get('t')).to.deep.equal(topic);
    expect(topics.usage).to.deep.include({ topics: 1, bytes });
  });

  it('knows nothing of brokers that came later', () => {
    const [winner] = fc.sample(message, 1);
    if (winner === undefined) return expect.fail();
    const topics = new TopicMap(1);
    put(topics, winner, ['absent']);
    topics.makeRoom(2);
    expect(topics.get('t')?.register.held).to.deep.equal(['absent', 'unknown']);
  });

  it('does not take an unknown topic for one at rest', () => {
    expect(isAtRest(emptyRegister(BROKERS))).to.equal(false);
  });

  it('holds thousands of topics, and reuses the places of removed ones', () => {
    const topics = new TopicMap(BROKERS);
    const [one] = fc.sample(
      topic.filter(({ register }) => isAtRest(register)),
      1,
    );
    if (one === undefined) return expect.fail();
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 3_000; index++) topics.set(`${round} ${index}`, one);
      expect(topics.resting).to.equal(3_000);
      expect(topics.get(`${round} 2999`)).to.deep.equal(one);
      for (const name of [...topics.keys()]) topics.delete(name);
      expect(topics.resting).to.equal(0);
    }
  });
});
