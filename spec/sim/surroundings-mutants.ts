/** Mutants of what the core depends on: its settings, the workers of the brokers, and the store. */

import type { Changes } from '../../lib/store/state-store.ts';
import type { Mutant } from './mutant.ts';
import { SimStore } from './sim-store.ts';

/** By what each does. */
export const SURROUNDINGS_MUTANTS: Readonly<Record<string, Mutant>> = {
  'takes a topic that it may not read for absent': {
    caughtBy: ['lost rights'],
    link: { provesNothing: true },
  },
  'does not learn of messages that newer ones replaced in the worker': {
    caughtBy: ['power losses'],
    link: { tellsNothingPassedOver: true },
  },
  'never holds deletions, however many they are': {
    caughtBy: ['mass absences'],
    deletionGuard: { topics: Number.POSITIVE_INFINITY, percent: 100 },
  },
  'believes stamps with any time': { caughtBy: ['random histories'], maxDrift: Number.POSITIVE_INFINITY },
  'never scans': {
    caughtBy: ['random histories'],
    scanPeriod: Number.POSITIVE_INFINITY,
  },
  'does not notice other replicators': { caughtBy: ['several replicators'], isAlone: true },
  'takes a publish on the socket for stored, at QoS 0': {
    caughtBy: ['hasty cuts'],
    link: { confirmsAtSocket: true },
  },
  'connects under another client id after each start': {
    caughtBy: ['late packets'],
    link: { hasRandomClientId: true },
  },
  'does not store what is pending': {
    caughtBy: ['single writers'],
    store: latency => new ForgetfulStore(latency),
  },
  'sends before it has stored': { caughtBy: ['single writers'], store: latency => new HastyStore(latency) },
};

class ForgetfulStore extends SimStore {
  override commit(changes: Changes, done: (error?: Error) => void): void {
    const forgotten = [...changes.topics].map(
      ([topic, stored]) =>
        [topic, stored && { ...stored, register: { ...stored.register, pending: [] } }] as const,
    );
    super.commit({ ...changes, topics: new Map(forgotten) }, done);
  }
}

class HastyStore extends SimStore {
  override commit(changes: Changes, done: (error?: Error) => void): void {
    super.commit(changes, () => undefined);
    done();
  }
}
