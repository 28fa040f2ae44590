/** What a register keeps, and what it drops: at rest, in the store, and when publishes and probes are decided. */

import { expect } from 'chai';
import type { Message } from '../../lib/core/message.ts';
import {
  asStored,
  atRest,
  emptyRegister,
  hasStaleProbe,
  heldWith,
  isAtRest,
  isProbing,
  isRetainedPending,
  MAX_PENDING,
  MAX_TRANSIENT_AGE_MS,
  type Pending,
  pendingAt,
  pendingWithout,
  pendingWithoutRetained,
  pendingWithoutTransient,
  probesWithout,
  type Register,
  willHold,
  withProbe,
  withRoom,
  withStaleProbe,
} from '../../lib/core/register.ts';
import { NO_INFERENCE, unretainedAt } from '../../lib/core/retain-inference.ts';
import { deepFreeze } from './deep-freeze.ts';
import { A, B, C } from './topic.ts';

const NEVER = Number.POSITIVE_INFINITY;

const message = (payload: string, time = 1): Message => ({
  payload,
  properties: '',
  version: { time, counter: 0, replica: 'us' },
  origin: A,
  messageExpiresAt: NEVER,
  ttlExpiresAt: NEVER,
});

const winner = message('1');
const transient = { message: message('t'), recipients: 0, since: 0 };
const retained = (broker: number, payload = '1'): Pending => ({
  broker,
  retained: true,
  message: message(payload),
});
const unretained = (broker: number, payload = 't'): Pending => ({
  broker,
  retained: false,
  message: message(payload),
});
const unresolved = [
  { kind: 'live' as const, broker: A, payload: '1', version: { time: 1, counter: 0, replica: 'us' } },
];
const empty = deepFreeze(emptyRegister(2));
const resting: Register = deepFreeze(atRest(winner, [winner, 'absent'], 1 << B));

it('The limits of a register are 32 pending publishes, and a minute for a transient message', () => {
  expect({ MAX_PENDING, MAX_TRANSIENT_AGE_MS }).to.deep.equal({
    MAX_PENDING: 32,
    MAX_TRANSIENT_AGE_MS: 60_000,
  });
});

describe('A register', () => {
  it('knows nothing of any broker at first', () => {
    expect(empty).to.deep.equal({
      winner: undefined,
      tombstone: undefined,
      transient: undefined,
      held: ['unknown', 'unknown'],
      pending: [],
      probes: [],
      inference: NO_INFERENCE,
    });
  });

  const table: readonly (readonly [isAtRest: boolean, name: string, register: Register])[] = [
    [true, 'the winner at one broker, and nothing at the other', resting],
    [true, 'a broker of which nothing is known', { ...resting, held: [winner, 'unknown'] }],
    [false, 'no winner', empty],
    [false, 'a tombstone', { ...resting, tombstone: winner.version }],
    [false, 'a transient message', { ...resting, transient }],
    [false, 'a pending publish', { ...resting, pending: [retained(A)] }],
    [false, 'an open probe', { ...resting, probes: [{ broker: A, isStale: false }] }],
    [false, 'an unresolved write', { ...resting, inference: { unresolved, unretained: 0 } }],
    [false, 'another message at a broker', { ...resting, held: ['absent', message('2')] }],
  ];
  for (const [rests, name, register] of table) {
    it(`is ${rests ? '' : 'not '}at rest with ${name}`, () => {
      expect(isAtRest(register)).to.equal(rests);
    });
  }

  it('gets room for more brokers, of which nothing is known', () => {
    expect(withRoom(resting, 3).held).to.deep.equal([winner, 'absent', 'unknown']);
    expect(withRoom(resting, 4).held).to.deep.equal([winner, 'absent', 'unknown', 'unknown']);
    for (const brokers of [1, 2]) expect(withRoom(resting, brokers)).to.equal(resting);
  });

  it('stays the same object if a broker holds what it held', () => {
    expect(heldWith(resting, A, winner)).to.equal(resting.held);
    expect(heldWith(resting, B, 'unknown')).to.deep.equal([winner, 'unknown']);
  });
});

describe('The store keeps of a register', () => {
  it('all, if nothing ends with the process', () => {
    const stored = deepFreeze({ ...resting, tombstone: winner.version, pending: [retained(A), retained(B)] });
    expect(asStored(stored)).to.equal(stored);
    expect(asStored(resting)).to.equal(resting);
  });

  const pending = [retained(A)];
  const ends: readonly (readonly [name: string, changes: Partial<Register>])[] = [
    ['a transient message', { transient }],
    ['an open probe', { probes: [{ broker: A, isStale: false }] }],
    ['an unresolved write', { inference: { unresolved, unretained: 1 << B } }],
  ];
  for (const [name, changes] of ends) {
    it(`not ${name}`, () => {
      const register = deepFreeze({ ...resting, pending, ...changes });
      expect(asStored(register)).to.deep.equal({ ...resting, pending });
      expect(asStored(register).pending, 'the same array').to.equal(pending);
    });
  }

  it('not the transient publishes', () => {
    const register = { ...resting, pending: [retained(A), unretained(B)] };
    expect(asStored(register)).to.deep.equal({ ...resting, pending: [retained(A)] });
    expect(asStored({ ...register, transient })).to.deep.equal({ ...resting, pending: [retained(A)] });
  });

  it('at which brokers messages are not retained', () => {
    expect(asStored({ ...resting, transient }).inference).to.deep.equal(unretainedAt(1 << B));
  });
});

describe('Pending publishes', () => {
  const pending = [
    retained(A, '1'),
    unretained(B, '2'),
    retained(B, '3'),
    unretained(A, '4'),
    retained(A, '5'),
  ];
  const register: Register = deepFreeze({ ...empty, pending });
  const payloads = (kept: readonly Pending[]) => kept.map(entry => entry.message.payload).join('');

  it('are counted for each broker', () => {
    expect([A, B, C].map(broker => pendingAt(register, broker))).to.deep.equal([3, 2, 0]);
    expect([A, B, C].map(broker => isRetainedPending(register, broker))).to.deep.equal([true, true, false]);
    expect(isRetainedPending({ ...empty, pending: [unretained(A)] }, A)).to.equal(false);
  });

  it('end with what the broker will hold: the last retained one', () => {
    const held = (broker: number) => willHold(register, broker);
    expect(held(A)).to.deep.equal(message('5'));
    expect(held(B)).to.deep.equal(message('3'));
    expect(held(C)).to.equal('unknown');
    expect(willHold({ ...empty, pending: [retained(A, '1'), retained(A, '')] }, A)).to.equal('absent');
    expect(willHold({ ...resting, pending: [unretained(A)] }, A)).to.equal(winner);
    expect(willHold({ ...empty, pending: [retained(A, '1')] }, A)).to.deep.equal(message('1'));
  });

  it('are removed for one broker up to an index', () => {
    expect(payloads(pendingWithout(register, A, 0))).to.equal('2345');
    expect(payloads(pendingWithout(register, A, 3))).to.equal('235');
    expect(payloads(pendingWithout(register, B, 4))).to.equal('145');
  });

  it('are removed if they are retained', () => {
    expect(payloads(pendingWithoutRetained(register, A))).to.equal('234');
    expect(payloads(pendingWithoutRetained(register, B))).to.equal('1245');
  });

  it('are removed up to an index if they are transient', () => {
    expect(payloads(pendingWithoutTransient(register, A, 2))).to.equal('12345');
    expect(payloads(pendingWithoutTransient(register, A, 3))).to.equal('1235');
    expect(payloads(pendingWithoutTransient(register, B, 4))).to.equal('1345');
  });

  it('stay the same array if none is removed', () => {
    expect(pendingWithout(register, C, 9)).to.equal(pending);
    expect(pendingWithoutRetained(register, C)).to.equal(pending);
    const emptied = pendingWithout({ ...empty, pending: [retained(A)] }, A, 0);
    expect(emptied, 'all registers share the empty array').to.equal(empty.pending);
  });
});

describe('Open probes', () => {
  const probing = (register: Register) => [A, B].map(broker => isProbing(register, broker));
  const stale = (register: Register) => [A, B].map(broker => hasStaleProbe(register, broker));

  it('are one for a broker at most, and a new one is not stale', () => {
    const one = deepFreeze(withProbe(empty, A));
    expect(probing(one)).to.deep.equal([true, false]);
    expect(stale(one)).to.deep.equal([false, false]);
    const both = deepFreeze(withStaleProbe(withProbe(one, B), A));
    expect(stale(both)).to.deep.equal([true, false]);
    const again = withProbe(both, A);
    expect(again.probes).to.deep.equal([
      { broker: B, isStale: false },
      { broker: A, isStale: false },
    ]);
  });

  it('become stale by a message of their broker', () => {
    const one = deepFreeze(withProbe(empty, A));
    expect(withStaleProbe(one, B), 'another broker').to.equal(one);
    expect(withStaleProbe(empty, A), 'no probe').to.equal(empty);
    const after = withStaleProbe(one, A);
    expect(stale(after)).to.deep.equal([true, false]);
    expect(withStaleProbe(after, A), 'stale already').to.equal(after);
  });

  it('are removed for one broker', () => {
    const both = deepFreeze(withProbe(withProbe(empty, A), B));
    expect(probesWithout(both, A)).to.deep.equal([{ broker: B, isStale: false }]);
    expect(probesWithout(empty, A)).to.equal(empty.probes);
    expect(probesWithout(withProbe(empty, A), A), 'all registers share the empty array').to.equal(
      empty.probes,
    );
  });
});
