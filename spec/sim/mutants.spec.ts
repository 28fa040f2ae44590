/**
 * The simulator can fail: each of these mutants leaves out one thing that the reconciliation stands on, and
 * each is caught within a few thousand histories.
 */

import { expect } from 'chai';
import type { Event } from '../../lib/core/events.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { Policy } from '../../lib/core/policy.ts';
import type { Register } from '../../lib/core/register.ts';
import { step } from '../../lib/core/step.ts';
import type { Changes } from '../../lib/store/state-store.ts';
import { SimStore } from './sim-store.ts';
import { TRIALS, type TrialName, tryHistories } from './trials.ts';
import type { WorldOptions } from './world.ts';

/** Histories of each kind that a mutant may survive. */
const ENOUGH = 3_000;

/** The same histories each time: what is to be shown is that they are good enough. */
const SEED = 20_260_101;

const MUTANTS: Readonly<Record<string, Partial<WorldOptions>>> = {
  'takes every echo for a new write': {
    step: mutant((register, event) => (event.kind === 'observed' ? { ...register, pending: [] } : register)),
  },
  'gives no broker the winner back': {
    step: (register, event, policy) => {
      const outcome = step(register, event, policy);
      return outcome.effect === 'lost' ? holdingWinner(outcome, event) : outcome;
    },
  },
  'believes an absence in a replay': {
    step: (register, event, policy) =>
      event.kind === 'returned' && !event.replayed && event.base === 'as left'
        ? step(asking(register, event.broker), absence(event.broker), policy)
        : step(register, event, policy),
  },
  'takes lost data for deletions': {
    step: (register, event, policy) =>
      step(register, event.kind === 'returned' ? { ...event, base: 'as left' } : deleting(event), policy),
  },
  'takes what a broker retained in an earlier state for news': {
    step: (register, event, policy) =>
      step(register, event.kind === 'observed' ? { ...event, base: 'as left' } : event, policy),
  },
  'believes a probe that was overtaken': {
    step: mutant((register, event) => (event.kind === 'probed' ? { ...register, overtaken: 0 } : register)),
  },
  'does not store what is pending': { store: latency => new ForgetfulStore(latency) },
  'sends before it has stored': { store: latency => new HastyStore(latency) },
};

describe('mutants of the reconciliation', function () {
  this.timeout(0);

  for (const [name, mutation] of Object.entries(MUTANTS)) {
    it(`one that ${name} is caught`, () => {
      const caughtBy = (Object.keys(TRIALS) as TrialName[]).find(
        trial => tryHistories(trial, ENOUGH, { seed: SEED, mutation, shrink: false }) !== undefined,
      );
      expect(caughtBy, 'the trial that caught it').not.to.equal(undefined);
    });
  }
});

function mutant(change: (register: Register, event: Event) => Register) {
  return (register: Register, event: Event, policy: Policy): Outcome =>
    step(change(register, event), event, policy);
}

function holdingWinner(outcome: Outcome, event: Event): Outcome {
  const { register } = outcome;
  if (register.winner === undefined || !('broker' in event)) return outcome;
  return { ...outcome, register: { ...register, held: register.held.with(event.broker, register.winner) } };
}

function asking(register: Register, broker: number): Register {
  return { ...register, asking: register.asking | (1 << broker), pending: [] };
}

function absence(broker: number): Event {
  const fresh = { time: Date.now(), counter: 0, replica: 'mutant' };
  return { kind: 'probed', broker, found: 'absent', absence: 'deletion', fresh, now: Date.now() };
}

function deleting(event: Event): Event {
  return event.kind === 'probed' ? { ...event, absence: 'deletion' } : event;
}

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
