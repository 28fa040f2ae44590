/** Laws that hold of `step` whatever happens: drawn by fast-check, with every input frozen. */

import { expect } from 'chai';
import fc from 'fast-check';
import type { Probed } from '../../lib/core/events.ts';
import { type FilterSettings, Policies } from '../../lib/core/policy.ts';
import {
  emptyRegister,
  MAX_PENDING,
  MAX_TRANSIENT_AGE_MS,
  pendingAt,
  type Register,
} from '../../lib/core/register.ts';
import { step } from '../../lib/core/step.ts';
import { compareVersions, HybridClock, type Version } from '../../lib/core/version.ts';
import { deepFreeze } from './deep-freeze.ts';
import { START } from './topic.ts';

const BROKERS = 3;
const MAX_DRIFT = 60_000;

const payload = fc.constantFrom('', '0', '1', '2');
const properties = fc.constantFrom(undefined, '', '["p"]');
const expiry = fc.constantFrom(0, 500, Number.POSITIVE_INFINITY);
/** Where a stamp or an acknowledgement lies in time, from now; a stamp is made by anyone. */
const version = fc.record({
  ahead: fc.constantFrom(-MAX_DRIFT, -1, 0, 1, MAX_DRIFT, 2 * MAX_DRIFT),
  counter: fc.nat(2),
  replica: fc.constantFrom('us', 'other', ''),
});
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const action = fc.record({
  kind: fc.constantFrom(
    'observed',
    'observed',
    'observed',
    'offered',
    'offered',
    'offered',
    'acknowledged',
    'refused',
    'echo-overdue',
    'probed',
    'expired',
    'returned',
    'probe-lost',
  ),
  broker: fc.nat(BROKERS - 1),
  pass: fc.constantFrom(0, 1, 50, 2_000, MAX_TRANSIENT_AGE_MS),
  payload,
  properties,
  expiry,
  retained: maybe(fc.boolean()),
  replay: fc.boolean(),
  returnState: fc.constantFrom('first contact', 'intact', 'wiped', 'rolled back'),
  stamp: maybe(version),
  stamps: fc.boolean(),
  own: fc.boolean(),
  isBlocked: fc.boolean(),
  firstContactRank: fc.nat(3),
  found: fc.constantFrom('absent', 'unknown', 'something'),
  absence: fc.constantFrom('deletion', 'loss'),
  /** Acknowledges, or copies the stamp of, something that is really under way. */
  real: fc.boolean(),
});
type Drawn = typeof action extends fc.Arbitrary<infer T> ? T : never;
type Action = Omit<Drawn, 'payload'> & { readonly payload: string };

const filters = fc.record({
  filter: fc.constant('#'),
  retain: fc.boolean(),
  ttl: fc.constantFrom(0, 1_000),
  subscribe: fc.nat(2 ** BROKERS - 1),
  publish: fc.nat(2 ** BROKERS - 1),
});

/** Plays random events as the reconciler would bring them, and looks at each register. */
function playAll(
  actions: readonly Action[],
  settings: FilterSettings,
  look: (before: Register, after: Register) => void,
): void {
  const policy = deepFreeze(new Policies([settings], BROKERS).of('t'));
  const clock = new HybridClock('us', MAX_DRIFT);
  let now = START;
  let register = emptyRegister(BROKERS);
  for (const one of actions) {
    now += one.pass;
    const { broker, replay, returnState } = one;
    const underWay = one.real ? register.pending.find(entry => entry.broker === broker) : undefined;
    const drawn: Version | undefined = one.stamp && { ...one.stamp, time: now + one.stamp.ahead };
    const named = underWay?.message.version ?? drawn;
    const stamp = named !== undefined && clock.witness(named, now) ? named : undefined;
    const newVersion = clock.next(now);
    const body = { payload: one.payload, properties: one.properties, stamp, expiry: one.expiry };
    const found: Probed['found'] =
      one.found === 'something' ? { ...body, payload: body.payload || '3' } : one.found;
    const { retained, stamps, own, firstContactRank, isBlocked, absence } = one;
    const dated = { own, firstContactRank, isBlocked, newVersion, now };
    const events = {
      observed: { kind: 'observed', broker, ...body, retained, replay, returnState, stamps, ...dated },
      offered: { kind: 'offered', broker, now },
      acknowledged: { kind: 'acknowledged', broker, version: named ?? newVersion },
      refused: { kind: 'refused', broker, version: named ?? newVersion },
      'echo-overdue': { kind: 'echo-overdue', broker },
      probed: { kind: 'probed', broker, found, isRolledBack: one.own, absence, newVersion, now },
      expired: { kind: 'expired', newVersion, now },
      returned: {
        kind: 'returned',
        broker,
        returnState,
        replayed: replay,
        atMarker: one.own ? 'the same' : 'not known',
      },
      'probe-lost': { kind: 'probe-lost', broker },
    } as const;
    const outcome = step(deepFreeze(register), deepFreeze(events[one.kind]), policy);
    look(register, outcome.register);
    register = outcome.register;
  }
}

describe('Whatever happens to a topic', () => {
  const history = fc.array(action, { maxLength: 60 });

  it('I7, I10: step never throws, mutates nothing, and the version of the winner never goes back', () => {
    fc.assert(
      fc.property(history, filters, (actions, settings) => {
        playAll(actions, settings, (before, after) => {
          if (before.winner === undefined) return;
          expect(after.winner, 'a winner is never forgotten').not.to.equal(undefined);
          if (after.winner === undefined) return;
          expect(compareVersions(after.winner.version, before.winner.version)).to.be.at.least(0);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('one version is one payload, where it is the winner', () => {
    fc.assert(
      fc.property(history, filters, (actions, settings) => {
        playAll(actions, settings, ({ winner: before }, { winner: after }) => {
          if (before === undefined || after === undefined) return;
          if (compareVersions(before.version, after.version) === 0)
            expect(after.payload).to.equal(before.payload);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('I6: no more than MAX_PENDING publishes are under way to one broker', () => {
    const busy = fc.array(
      action.map(one =>
        one.kind === 'observed' || one.kind === 'probe-lost' ? one : { ...one, kind: 'offered' as const },
      ),
      { minLength: 300, maxLength: 400 },
    );
    const open = { filter: '#', retain: false, ttl: 0, subscribe: 7, publish: 7 };
    fc.assert(
      fc.property(busy, actions => {
        // Payloads of their own, so that nothing is an echo.
        const distinct = actions.map((one, index) => ({
          ...one,
          payload: `value ${index}`,
          real: false,
          stamp: undefined,
        }));
        playAll(distinct, open, (_, after) => {
          for (let broker = 0; broker < BROKERS; broker++) {
            expect(pendingAt(after, broker)).to.be.at.most(MAX_PENDING);
          }
        });
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
});
