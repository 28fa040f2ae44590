/** The memory of topics is counted exactly, in all and by broker, however topics change, rest and go. */

import { expect } from 'chai';
import fc from 'fast-check';
import { Policies } from '../../../lib/core/policy.ts';
import {
  atRest,
  emptyRegister,
  type Message,
  NOBODY,
  type Pending,
  type Register,
} from '../../../lib/core/register.ts';
import type { Topic } from '../../../lib/reconciler/topics/topic.ts';
import { ownerOf, registerBytes, TOPIC_BYTES } from '../../../lib/reconciler/topics/topic-bytes.ts';
import { TopicMap } from '../../../lib/reconciler/topics/topic-map.ts';
import { UNCOUNTED } from '../../../lib/reconciler/topics/topic-stats.ts';

const BROKERS = 2;
const policy = new Policies([{ filter: '#', subscribe: 3, publish: 3 }], BROKERS).of('t');

function message(payload: string, more: Partial<Message> = {}): Message {
  return {
    payload,
    properties: '',
    version: { time: 1, counter: 0, replica: 'us' },
    origin: 0,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
    ...more,
  };
}

const topicOf = (register: Register): Topic => ({
  register,
  policy,
  seenAt: [0, 0],
  convergedWinner: undefined,
  status: UNCOUNTED,
});

const four = message('four');
const six = message('sixsix', { properties: '["p"]' });
const empty = emptyRegister(BROKERS);
const pendingOf = (broker: number, one: Message): Pending => ({ broker, retained: true, message: one });

describe('The bytes of a topic', () => {
  const table: readonly (readonly [name: string, register: Register, bytes: number])[] = [
    ['of which nothing is known are none', empty, 0],
    ['that was deleted are none', atRest(message(''), ['absent', 'absent'], 0), 0],
    ['are those of the winner', atRest(four, ['unknown', 'absent'], 0), 4],
    ['are those of its properties, too', atRest(six, [six, six], 0), 6 + 5],
    [
      'seen over MQTT 3.1.1 are those of the payload',
      atRest(message('x', { properties: undefined }), [], 0),
      1,
    ],
    ['count a message once that several hold', { ...empty, winner: six, held: [four, four] }, 11 + 4],
    ['count each message that is held', { ...empty, winner: six, held: [four, message('1')] }, 11 + 4 + 1],
    [
      'count what is pending once, however many brokers it is pending at',
      { ...empty, winner: six, pending: [pendingOf(0, four), pendingOf(1, four), pendingOf(0, six)] },
      11 + 4,
    ],
    [
      'count the message that is not retained',
      { ...empty, winner: six, transient: { message: four, recipients: 0, since: 0 } },
      11 + 4,
    ],
    [
      'count what is to be found out',
      {
        ...empty,
        winner: six,
        inference: {
          unresolved: [{ kind: 'forced', broker: 0, payload: 'xyz', version: six.version, before: four }],
          unretained: 0,
        },
      },
      11 + 3 + 4,
    ],
  ];
  for (const [name, register, bytes] of table) {
    it(name, () => expect(registerBytes(register)).to.equal(bytes));
  }

  it('include the name, with the bytes that it has on the network', () => {
    for (const [name, bytes] of [
      ['t', 1],
      ['tür', 4],
      ['鴨', 3],
      ['🦆', 4],
    ] as const) {
      const topics = new TopicMap(BROKERS);
      topics.set(name, topicOf(atRest(four, [four, four], 0)));
      expect(topics.usage.bytes).to.equal(TOPIC_BYTES + bytes + 4);
    }
  });
});

describe('The owner of a topic', () => {
  it('is the broker at which the winner was written', () => {
    expect(ownerOf(atRest(message('x', { origin: 1 }), [], 0))).to.equal(1);
  });

  it('is the broker of the transient message if nothing was ever retained', () => {
    const transient = { message: message('x', { origin: 1 }), recipients: 0, since: 0 };
    expect(ownerOf({ ...empty, transient })).to.equal(1);
    expect(ownerOf({ ...empty, winner: four, transient })).to.equal(0);
  });

  it('is nobody if nothing is known', () => expect(ownerOf(empty)).to.equal(NOBODY));
});

describe('TopicUsage', () => {
  const anyMessage = fc
    .record({
      payload: fc.string({ maxLength: 20 }),
      properties: fc.constantFrom(undefined, '', '["p"]'),
      origin: fc.integer({ min: NOBODY, max: BROKERS - 1 }),
    })
    .map(({ payload, ...more }) => message(payload, more));
  const register: fc.Arbitrary<Register> = fc.oneof(
    anyMessage.map(winner => atRest(winner, [winner.payload === '' ? 'absent' : winner, 'unknown'], 0)),
    fc.tuple(anyMessage, anyMessage, anyMessage).map(([winner, held, sent]) => ({
      ...empty,
      winner,
      held: [held, winner],
      pending: [pendingOf(0, sent)],
    })),
    anyMessage.map(one => ({ ...empty, transient: { message: one, recipients: 1, since: 0 } })),
  );
  const name = fc.constantFrom('a', 'bb', 'ü', '__proto__');
  const deed = fc.record({ name, register: fc.option(register) });

  it('agrees with a complete count, in all and by broker', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 40 }), deeds => {
        const topics = new TopicMap(BROKERS);
        const model = new Map<string, Register>();
        for (const { name, register } of deeds) {
          if (register === null) {
            topics.delete(name);
            model.delete(name);
          } else {
            topics.set(name, topicOf(register));
            model.set(name, register);
          }
          const rows = [...model].map(([name, one]) => ({
            owner: ownerOf(one),
            bytes: TOPIC_BYTES + Buffer.byteLength(name) + registerBytes(one),
          }));
          const sum = (of: typeof rows) => of.reduce((bytes, row) => bytes + row.bytes, 0);
          expect(topics.usage).to.include({ topics: rows.length, bytes: sum(rows) });
          for (let broker = NOBODY; broker < BROKERS; broker++) {
            const own = rows.filter(({ owner }) => owner === broker);
            expect(topics.usage.of(broker)).to.include({ topics: own.length, bytes: sum(own) });
          }
        }
      }),
    );
  });
});
