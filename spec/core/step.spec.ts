/** Time erases a topic, and a deleted one is forgotten when that is safe. */

import { expect } from 'chai';
import {
  isForgettable,
  RETENTION_TIMES_WHEN_FULL,
  TOMBSTONE_RETENTION_MS,
  UNRETAINED_RETENTION_MS,
} from '../../lib/core/forgetting.ts';
import type { Message } from '../../lib/core/message.ts';
import { Policies } from '../../lib/core/policy.ts';
import { emptyRegister, MAX_TRANSIENT_AGE_MS, type Register } from '../../lib/core/register.ts';
import { unretainedAt } from '../../lib/core/retain-inference.ts';
import { A, B, PROTOCOLS, START, settledTopic } from './topic.ts';

describe('Expiry', () => {
  const ttl = { filter: { ttl: 10_000 } };

  for (const protocol of PROTOCOLS) {
    it(`erases the topic everywhere, also where it was written, over ${protocol}`, () => {
      const topic = settledTopic(protocol, '0', ttl);
      topic.pass(10_000);
      const outcome = topic.apply({ kind: 'expired', newVersion: topic.fresh(), now: topic.now });
      expect(outcome.effect).to.equal('expired');
      topic.settles(A, B);
      expect(topic.held).to.deep.equal(['absent', 'absent']);
      expect(isForgettable(topic.register, topic.policy, topic.now)).to.equal(false);
      topic.pass(TOMBSTONE_RETENTION_MS);
      expect(isForgettable(topic.register, topic.policy, topic.now)).to.equal(true);
    });
  }

  it('does not come early', () => {
    const topic = settledTopic('MQTT 5', '0', ttl);
    topic.pass(9_999);
    expect(topic.apply({ kind: 'expired', newVersion: topic.fresh(), now: topic.now }).effect).to.equal(
      'idle',
    );
  });

  it('of a deleted topic never comes', () => {
    const topic = settledTopic('MQTT 5', '0', ttl);
    topic.pass(10_000).apply({ kind: 'expired', newVersion: topic.fresh(), now: topic.now });
    topic.pass(1e9);
    expect(topic.apply({ kind: 'expired', newVersion: topic.fresh(), now: topic.now }).effect).to.equal(
      'idle',
    );
  });
});

describe('A topic', () => {
  const message = (payload: string): Message => ({
    payload,
    properties: '',
    version: { time: START - TOMBSTONE_RETENTION_MS, counter: 0, replica: 'us' },
    origin: A,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  });
  const deleted = message('');
  const empty = emptyRegister(2);
  const everywhere = { ...empty, winner: deleted, held: ['absent', 'absent'] } satisfies Register;
  const passing = (since: number) => ({ message: message('1'), recipients: 0, since });
  const onlyA = { subscribe: 1 << A, publish: 1 << A };

  const table: readonly (readonly [
    forgettable: boolean,
    name: string,
    register: Register,
    filter?: { subscribe: number; publish: number },
  ])[] = [
    [true, 'of which nothing is known', empty],
    [false, 'that has a value', { ...empty, winner: message('1') }],
    [true, 'that every broker is known to be without', everywhere],
    [
      false,
      'that was deleted less than an hour ago, since a broker may go back in time',
      {
        ...everywhere,
        winner: {
          ...deleted,
          version: { ...deleted.version, counter: 0, time: START - TOMBSTONE_RETENTION_MS + 1 },
        },
      },
    ],
    [false, 'that a broker still holds', { ...everywhere, held: ['absent', message('1')] }],
    [false, 'that a broker may still hold', { ...everywhere, held: ['absent', 'unknown'] }],
    [true, 'that a broker holds which takes no part', { ...everywhere, held: ['absent', 'unknown'] }, onlyA],
    [
      false,
      'with an erasure on its way',
      { ...everywhere, pending: [{ broker: B, retained: true, message: deleted }] },
    ],
    [false, 'that is being asked for', { ...everywhere, probes: [{ broker: B, isStale: false }] }],
    [
      true,
      'that was known not to be retained, in an earlier life',
      { ...empty, inference: unretainedAt(1 << A) },
    ],
    [
      false,
      'that is known not to be retained, and had a message some minutes ago',
      { ...empty, inference: unretainedAt(1 << A), transient: passing(START - UNRETAINED_RETENTION_MS + 1) },
    ],
    [
      true,
      'that is known not to be retained, and has been quiet since',
      { ...empty, inference: unretainedAt(1 << A), transient: passing(START - UNRETAINED_RETENTION_MS) },
    ],
    [
      false,
      'under which a message has just passed',
      { ...empty, transient: passing(START - MAX_TRANSIENT_AGE_MS + 1) },
    ],
    [
      true,
      'under which a message passed long ago',
      { ...empty, transient: passing(START - MAX_TRANSIENT_AGE_MS) },
    ],
    [false, 'without a winner that a broker holds', { ...empty, held: [message('1'), 'unknown'] }],
  ];
  for (const [forgettable, name, register, filter] of table) {
    it(`${name} ${forgettable ? 'may' : 'may not'} be forgotten`, () => {
      const settings = { filter: '#', subscribe: 3, publish: 3, ...filter };
      const policy = new Policies([settings], 2).of('t');
      expect(isForgettable(register, policy, START)).to.equal(forgettable);
    });
  }

  describe('for which there is no room', () => {
    const deletedAt = (time: number) => ({ ...deleted, version: { ...deleted.version, time } });
    const owed = (since: number) => ({ message: message('1'), recipients: 1 << B, since });
    const { deletion, transient, undelivered: owedAge } = RETENTION_TIMES_WHEN_FULL;
    const early: readonly (readonly [evicted: boolean, name: string, register: Register])[] = [
      [false, 'was deleted a moment ago', { ...everywhere, winner: deletedAt(START - deletion + 1) }],
      [true, 'was deleted half a minute ago', { ...everywhere, winner: deletedAt(START - deletion) }],
      [false, 'some broker may still hold', { ...everywhere, held: ['absent', 'unknown'] }],
      [false, 'has a value', { ...empty, winner: message('1') }],
      [false, 'had a message a moment ago', { ...empty, transient: passing(START - transient + 1) }],
      [true, 'had its last message some seconds ago', { ...empty, transient: passing(START - transient) }],
      [
        false,
        'some broker has still to get a message of',
        { ...empty, transient: owed(START - owedAge + 1) },
      ],
      [true, 'some broker will not get a message of', { ...empty, transient: owed(START - owedAge) }],
      [
        true,
        'is known not to be retained, and had its last message some seconds ago',
        { ...empty, inference: unretainedAt(1 << A), transient: passing(START - transient) },
      ],
    ];
    for (const [evicted, name, register] of early) {
      it(`${evicted ? 'is' : 'is not'} forgotten where it ${name}`, () => {
        const policy = new Policies([{ filter: '#', subscribe: 3, publish: 3 }], 2).of('t');
        expect(isForgettable(register, policy, START, RETENTION_TIMES_WHEN_FULL)).to.equal(evicted);
      });
    }
  });
});
