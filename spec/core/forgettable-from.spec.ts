/** When a topic that retains nothing may be forgotten at the earliest. */

import { expect } from 'chai';
import {
  forgettableFrom,
  RETENTION_TIMES_WHEN_FULL,
  USUAL_RETENTION_TIMES,
} from '../../lib/core/forgetting.ts';
import { deletion } from '../../lib/core/message.ts';
import { emptyRegister, type Register } from '../../lib/core/register.ts';
import { unretainedAt } from '../../lib/core/retain-inference.ts';
import { A, B, C, START } from './topic.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const publish = (1 << A) | (1 << B);

describe('forgettableFrom', () => {
  const empty = emptyRegister(3);
  const winner = deletion({ time: START, counter: 0, replica: 'us' }, A);
  const passedOn = (recipients: number, since = START) => ({ message: winner, recipients, since });
  const found = unretainedAt(1 << A);

  /** After START, usually and without room for another topic. */
  const table: readonly (readonly [name: string, register: Register, usual: number, full: number])[] = [
    ['its deletion', { ...empty, winner }, 60 * MINUTE, 30 * SECOND],
    ['a message that each broker has', { ...empty, transient: passedOn(0) }, MINUTE, 5 * SECOND],
    ['a message that a broker lacks', { ...empty, transient: passedOn(1 << B) }, MINUTE, 30 * SECOND],
    [
      'a message that only a broker without permission lacks',
      { ...empty, transient: passedOn(1 << C) },
      MINUTE,
      5 * SECOND,
    ],
    [
      'a message of a kind that a probe found unretained',
      { ...empty, transient: passedOn(0), inference: found },
      5 * MINUTE,
      5 * SECOND,
    ],
    [
      'such a message that a broker lacks',
      { ...empty, transient: passedOn(1 << A), inference: found },
      5 * MINUTE,
      30 * SECOND,
    ],
    [
      'its deletion, after an earlier message',
      { ...empty, winner, transient: passedOn(0, START - MINUTE) },
      60 * MINUTE,
      30 * SECOND,
    ],
    [
      'a message long after its deletion',
      { ...empty, winner, transient: passedOn(0, START + 120 * MINUTE) },
      121 * MINUTE,
      120 * MINUTE + 5 * SECOND,
    ],
  ];
  for (const [name, register, usual, full] of table) {
    it(`counts from ${name}`, () => {
      const from = [USUAL_RETENTION_TIMES, RETENTION_TIMES_WHEN_FULL].map(
        times => forgettableFrom(register, { publish }, times) - START,
      );
      expect(from).to.deep.equal([usual, full]);
    });
  }

  it('is always for a topic of which nothing is known', () => {
    expect(forgettableFrom(empty, { publish })).to.equal(0);
    expect(forgettableFrom({ ...empty, inference: found }, { publish })).to.equal(0);
  });
});
