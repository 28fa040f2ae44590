/** A topic that retains nothing is forgotten when that is safe. */

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
import { A, B, START } from './topic.ts';

describe('isForgettable', () => {
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
  const passedOn = (since: number) => ({ message: message('1'), recipients: 0, since });
  const onlyA = { subscribe: 1 << A, publish: 1 << A };

  const table: readonly (readonly [
    forgettable: boolean,
    name: string,
    register: Register,
    filter?: { subscribe: number; publish: number },
  ])[] = [
    [true, 'a topic of which nothing is known', empty],
    [false, 'a topic that has a value', { ...empty, winner: message('1') }],
    [true, 'a deleted topic that no broker holds', everywhere],
    [
      false,
      'a topic that was deleted less than an hour ago, since a broker may roll back',
      {
        ...everywhere,
        winner: {
          ...deleted,
          version: { ...deleted.version, counter: 0, time: START - TOMBSTONE_RETENTION_MS + 1 },
        },
      },
    ],
    [false, 'a deleted topic that a broker still holds', { ...everywhere, held: ['absent', message('1')] }],
    [false, 'a deleted topic that a broker may still hold', { ...everywhere, held: ['absent', 'unknown'] }],
    [
      true,
      'a deleted topic that only a broker without permission may hold',
      { ...everywhere, held: ['absent', 'unknown'] },
      onlyA,
    ],
    [
      false,
      'a deleted topic that a broker may still hold to which nothing may be published',
      { ...everywhere, held: ['absent', 'unknown'] },
      { subscribe: 3, publish: 1 << A },
    ],
    [
      false,
      'a deleted topic that a broker may still hold at which nothing is subscribed',
      { ...everywhere, held: ['absent', 'unknown'] },
      { subscribe: 1 << A, publish: 3 },
    ],
    [
      false,
      'a topic with a pending deletion',
      { ...everywhere, pending: [{ broker: B, retained: true, message: deleted }] },
    ],
    [false, 'a topic with an open probe', { ...everywhere, probes: [{ broker: B, isStale: false }] }],
    [
      true,
      'a topic that was found unretained before a restart',
      { ...empty, inference: unretainedAt(1 << A) },
    ],
    [
      false,
      'a topic that was found unretained, and had a message some minutes ago',
      { ...empty, inference: unretainedAt(1 << A), transient: passedOn(START - UNRETAINED_RETENTION_MS + 1) },
    ],
    [
      true,
      'a topic that was found unretained, and had no message for longer',
      { ...empty, inference: unretainedAt(1 << A), transient: passedOn(START - UNRETAINED_RETENTION_MS) },
    ],
    [
      false,
      'a topic that just had a transient message',
      { ...empty, transient: passedOn(START - MAX_TRANSIENT_AGE_MS + 1) },
    ],
    [
      true,
      'a topic that had a transient message long ago',
      { ...empty, transient: passedOn(START - MAX_TRANSIENT_AGE_MS) },
    ],
    [false, 'a topic without a winner that a broker holds', { ...empty, held: [message('1'), 'unknown'] }],
  ];
  for (const [forgettable, name, register, filter] of table) {
    it(`${forgettable ? 'accepts' : 'rejects'} ${name}`, () => {
      const settings = { filter: '#', subscribe: 3, publish: 3, ...filter };
      const policy = new Policies([settings], 2).of('t');
      expect(isForgettable(register, policy, START)).to.equal(forgettable);
    });
  }

  describe('without room for another topic', () => {
    const deletedAt = (time: number) => ({ ...deleted, version: { ...deleted.version, time } });
    const undelivered = (since: number) => ({ message: message('1'), recipients: 1 << B, since });
    const { deletion, transient, undelivered: undeliveredAge } = RETENTION_TIMES_WHEN_FULL;
    const early: readonly (readonly [evicted: boolean, name: string, register: Register])[] = [
      [false, 'was deleted a moment ago', { ...everywhere, winner: deletedAt(START - deletion + 1) }],
      [true, 'was deleted half a minute ago', { ...everywhere, winner: deletedAt(START - deletion) }],
      [false, 'a broker may still hold', { ...everywhere, held: ['absent', 'unknown'] }],
      [false, 'has a value', { ...empty, winner: message('1') }],
      [false, 'had a message a moment ago', { ...empty, transient: passedOn(START - transient + 1) }],
      [true, 'had its last message some seconds ago', { ...empty, transient: passedOn(START - transient) }],
      [
        false,
        'has a message that a broker has still to get',
        { ...empty, transient: undelivered(START - undeliveredAge + 1) },
      ],
      [
        true,
        'has a message that is too old for a broker that lacks it',
        { ...empty, transient: undelivered(START - undeliveredAge) },
      ],
      [
        true,
        'was found unretained, and had its last message some seconds ago',
        { ...empty, inference: unretainedAt(1 << A), transient: passedOn(START - transient) },
      ],
    ];
    for (const [evicted, name, register] of early) {
      it(`${evicted ? 'accepts' : 'rejects'} a topic that ${name}`, () => {
        const policy = new Policies([{ filter: '#', subscribe: 3, publish: 3 }], 2).of('t');
        expect(isForgettable(register, policy, START, RETENTION_TIMES_WHEN_FULL)).to.equal(evicted);
      });
    }
  });
});
