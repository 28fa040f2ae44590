/** Laws that `step` obeys for all histories. fast-check draws the events; every input is frozen. */

import { expect } from 'chai';
import fc from 'fast-check';
import { EFFECTS, type Effect } from '../../lib/core/effects.ts';
import type { Event, EventOf, Probed, ReturnState } from '../../lib/core/events.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
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
/** The version of a stamp or an acknowledgement, in milliseconds from now. Anyone can make a stamp. */
const version = fc.record({
  ahead: fc.constantFrom(-MAX_DRIFT, -1, 0, 1, MAX_DRIFT, 2 * MAX_DRIFT),
  counter: fc.nat(2),
  replica: fc.constantFrom('us', 'other', ''),
});
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Every kind of events, and how often it is drawn. */
const WEIGHTS: Readonly<Record<Event['kind'], number>> = {
  observed: 4,
  offered: 4,
  probed: 2,
  acknowledged: 1,
  refused: 1,
  'echo-overdue': 1,
  'scan-due': 1,
  expired: 1,
  returned: 1,
  'probe-lost': 1,
  restored: 1,
  withheld: 1,
};
const KINDS = Object.keys(WEIGHTS) as Event['kind'][];

const RETURN_STATES: Readonly<Record<ReturnState, true>> = {
  'first contact': true,
  intact: true,
  wiped: true,
  'rolled back': true,
  'no retention': true,
};

const action = fc.record({
  kind: fc.oneof(...KINDS.map(kind => ({ weight: WEIGHTS[kind], arbitrary: fc.constant(kind) }))),
  broker: fc.nat(BROKERS - 1),
  pass: fc.constantFrom(0, 1, 50, 2_000, MAX_TRANSIENT_AGE_MS),
  payload,
  properties,
  expiry,
  retained: maybe(fc.boolean()),
  replay: fc.boolean(),
  returnState: fc.constantFrom(...(Object.keys(RETURN_STATES) as ReturnState[])),
  stamp: maybe(version),
  stamps: fc.boolean(),
  own: fc.boolean(),
  isBlocked: fc.boolean(),
  firstContactRank: fc.nat(3),
  found: fc.constantFrom('absent', 'unknown', 'something'),
  absence: fc.constantFrom('deletion', 'loss'),
  atMarker: fc.constantFrom('the same', 'another', 'not known'),
  isTransientOnly: fc.boolean(),
  /** Acknowledges, or copies the stamp of, a publish that is really pending. */
  isOfPending: fc.boolean(),
});
type Drawn = typeof action extends fc.Arbitrary<infer T> ? T : never;
type Action = Omit<Drawn, 'payload'> & { readonly payload: string };

const filters = fc.record({
  filter: fc.constant('#'),
  retain: fc.boolean(),
  repeat: fc.boolean(),
  ttl: fc.constantFrom(0, 1_000),
  subscribe: fc.nat(2 ** BROKERS - 1),
  publish: fc.nat(2 ** BROKERS - 1),
});

/** Applies random events as the reconciler would bring them, and checks each outcome. */
function applyAll(
  actions: readonly Action[],
  settings: FilterSettings,
  check: (before: Register, outcome: Outcome, event: Event) => void,
): void {
  const policy = deepFreeze(new Policies([settings], BROKERS).of('t'));
  const clock = new HybridClock('us', MAX_DRIFT);
  let now = START;
  let register = emptyRegister(BROKERS);
  for (const one of actions) {
    now += one.pass;
    const { broker, replay, returnState } = one;
    const pending = one.isOfPending ? register.pending.find(entry => entry.broker === broker) : undefined;
    const drawn: Version | undefined = one.stamp && { ...one.stamp, time: now + one.stamp.ahead };
    const named = pending?.message.version ?? drawn;
    const stamp = named !== undefined && clock.witness(named, now) ? named : undefined;
    const newVersion = clock.next(now);
    const body = { payload: one.payload, properties: one.properties, stamp, expiry: one.expiry };
    const found: Probed['found'] =
      one.found === 'something' ? { ...body, payload: body.payload || '3' } : one.found;
    const { retained, stamps, own, firstContactRank, isBlocked, absence, atMarker, isTransientOnly } = one;
    const dated = { own, firstContactRank, isBlocked, newVersion, now };
    const events: { readonly [K in Event['kind']]: EventOf<K> } = {
      observed: { kind: 'observed', broker, ...body, retained, replay, returnState, stamps, ...dated },
      offered: { kind: 'offered', broker, isTransientOnly, now },
      acknowledged: { kind: 'acknowledged', broker, version: named ?? newVersion },
      refused: { kind: 'refused', broker, version: named ?? newVersion },
      'echo-overdue': { kind: 'echo-overdue', broker },
      probed: { kind: 'probed', broker, found, isRolledBack: one.own, absence, newVersion, now },
      expired: { kind: 'expired', newVersion, now },
      returned: { kind: 'returned', broker, returnState, replayed: replay, atMarker },
      'probe-lost': { kind: 'probe-lost', broker },
      'scan-due': { kind: 'scan-due', broker },
      restored: { kind: 'restored', payload: one.payload, properties: '', newVersion, now },
      withheld: { kind: 'withheld' },
    };
    const event: Event = events[one.kind];
    const outcome = step(deepFreeze(register), deepFreeze(event), policy);
    check(register, outcome, event);
    register = outcome.register;
  }
}

describe('For all histories of a topic', () => {
  // Without a size most arrays would be short.
  const history = fc.array(action, { maxLength: 60, size: 'max' });

  it('I7, I10: step never throws, never changes its input, and the version of the winner never decreases', () => {
    fc.assert(
      fc.property(history, filters, (actions, settings) => {
        applyAll(actions, settings, (before, { register: after }) => {
          if (before.winner === undefined) return;
          expect(after.winner, 'a winner is never forgotten').not.to.equal(undefined);
          if (after.winner === undefined) return;
          expect(compareVersions(after.winner.version, before.winner.version)).to.be.at.least(0);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('two winners with the same version have the same payload', () => {
    fc.assert(
      fc.property(history, filters, (actions, settings) => {
        applyAll(actions, settings, ({ winner: before }, { register: { winner: after } }) => {
          if (before === undefined || after === undefined) return;
          if (compareVersions(before.version, after.version) === 0)
            expect(after.payload).to.equal(before.payload);
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('I6: at most MAX_PENDING publishes are pending at one broker', () => {
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
          isOfPending: false,
          stamp: undefined,
        }));
        applyAll(distinct, open, (_, { register: after }) => {
          for (let broker = 0; broker < BROKERS; broker++) {
            expect(pendingAt(after, broker)).to.be.at.most(MAX_PENDING);
          }
        });
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it('an event comes to the effects that EFFECTS lists for it, and to each of them', () => {
    const seen = new Map<Event['kind'], Set<Effect>>(KINDS.map(kind => [kind, new Set()]));
    const count = (_: Register, { effect }: Outcome, event: Event) => {
      expect(EFFECTS[event.kind], event.kind).to.include(effect);
      seen.get(event.kind)?.add(effect);
    };
    // The seed is fixed, since a rare effect would now and then not be drawn.
    fc.assert(
      fc.property(history, filters, (actions, settings) => applyAll(actions, settings, count)),
      { numRuns: 2_000, seed: 1 },
    );
    const writes = Array.from({ length: 2 * MAX_PENDING + 2 }, (_, index) => ({
      ...fc.sample(action, { numRuns: 1, seed: 1 })[0],
      kind: index % 2 === 0 ? ('observed' as const) : ('offered' as const),
      broker: index % 2,
      payload: `value ${index}`,
      retained: true,
      replay: false,
      stamp: undefined,
      isOfPending: false,
      isTransientOnly: false,
    })) as Action[];
    applyAll(writes, { filter: '#', subscribe: 7, publish: 7 }, count);
    for (const kind of KINDS) expect([...(seen.get(kind) ?? [])], kind).to.have.members([...EFFECTS[kind]]);
  });
});
