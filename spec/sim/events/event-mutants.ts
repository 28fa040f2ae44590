/**
 * Mutants of event delivery: each omits one thing on which a promise depends. They change the classes at run time, and `undo`
 * puts them back.
 */

import { Destination } from '../../../lib/events/destination.ts';
import { TRANSITIONS } from '../../../lib/events/destination-state.ts';
import { Grants } from '../../../lib/events/grants.ts';
import { RecentEvents } from '../../../lib/events/ledger/recent-events.ts';
import type { EventTrialName } from './event-trials.ts';
import type { EventMutation } from './event-world.ts';

export interface EventMutant {
  /** The kinds of histories of which one must catch it. */
  readonly caughtBy: readonly EventTrialName[];
  readonly mutation?: EventMutation;
  /** Changes a class; returns what changes it back. */
  readonly apply?: () => () => void;
}

/** Puts another method in the place of one, which it is given. */
function replaced<T extends object, K extends keyof T>(
  target: T,
  name: K,
  other: (original: T[K]) => T[K],
): () => void {
  const original = target[name];
  target[name] = other(original);
  return () => {
    target[name] = original;
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** By what each does. */
export const EVENT_MUTANTS: Readonly<Record<string, EventMutant>> = {
  'acknowledges a message before it is durable': {
    caughtBy: ['MQTT 5'],
    mutation: { link: { acknowledgesAtOnce: true } },
  },
  'takes a match for an echo before its publish is acknowledged': {
    caughtBy: ['equal payloads at the same time'],
    apply: () =>
      replaced(
        Destination.prototype,
        'matchEcho',
        original =>
          function (this: Destination, hash, packetId) {
            return original.call(this, hash, packetId, 0);
          },
      ),
  },
  'rebuilds the expected echoes only after it is connected': {
    caughtBy: ['MQTT 3.1.1'],
    apply: () =>
      replaced(
        Destination.prototype,
        'matchEcho',
        original =>
          function (this: Destination, ...args) {
            return this.state === 'resolving' ? 'none' : original.apply(this, args);
          },
      ),
  },
  'takes each match of an unresolved publish for its echo': {
    caughtBy: ['equal payloads at the same time'],
    apply: () => replaced(RecentEvents.prototype, 'wasDelivered', () => () => false),
  },
  'sends again without a fence': {
    caughtBy: ['MQTT 5', 'MQTT 3.1.1'],
    apply: () =>
      replaced(
        TRANSITIONS.away as Mutable<typeof TRANSITIONS.away>,
        'connected',
        original => (state, event) => original(state, { ...event, canResolve: false }),
      ),
  },
  'takes what is unresolved for not arrived': {
    caughtBy: ['MQTT 5', 'MQTT 3.1.1'],
    apply: () =>
      replaced(
        TRANSITIONS.away as Mutable<typeof TRANSITIONS.away>,
        'connected',
        original => (state, event) => original(state, { ...event, isUnresolved: false }),
      ),
  },
  'does not store what may have been published': {
    caughtBy: ['MQTT 5'],
    apply: () => {
      const grant = replaced(Grants.prototype, 'grant', () => () => undefined);
      const covers = replaced(Grants.prototype, 'covers', () => () => true);
      return () => {
        grant();
        covers();
      };
    },
  },
  'forgets at a restart the echoes of acknowledged events that are still to come': {
    caughtBy: ['MQTT 3.1.1'],
    mutation: {
      loaded: ledger => {
        for (const index of ledger.names.keys()) {
          const { entries, done } = ledger.broker(index);
          entries.close(done);
        }
      },
    },
  },
  'takes each redelivery for a new message': {
    caughtBy: ['MQTT 5'],
    apply: () => replaced(RecentEvents.prototype, 'isRedelivery', () => () => false),
  },
  'takes an equal message for a redelivery where packet ids are used again': {
    caughtBy: ['equal payloads'],
    apply: () =>
      replaced(
        RecentEvents.prototype,
        'isRedelivery',
        () =>
          function (this: RecentEvents, _packetId, hash) {
            return this.wasDelivered(hash);
          },
      ),
  },
  'acknowledges a stamped echo before it is stored that the event is done': {
    caughtBy: ['MQTT 5'],
    apply: () => replaced(Destination.prototype, 'stampedEcho', () => () => false),
  },
};
