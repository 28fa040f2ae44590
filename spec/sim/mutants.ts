/** Mutants of the reconciliation: each leaves out, or does wrongly, one thing that it stands on. */

import type { Event, Observed } from '../../lib/core/events.ts';
import { isDeletion } from '../../lib/core/message.ts';
import { type Outcome, outcome } from '../../lib/core/outcome.ts';
import type { Policy } from '../../lib/core/policy.ts';
import { emptyRegister, type Register, withProbe } from '../../lib/core/register.ts';
import { step } from '../../lib/core/step.ts';
import type { Changes } from '../../lib/store/state-store.ts';
import type { Mutation } from './sim-replicator.ts';
import { SimStore } from './sim-store.ts';
import type { TrialName } from './trials.ts';

type Core = typeof step;

interface Mutant extends Mutation {
  /** The trials that are to catch it; none: it takes a rare history, one that is kept. */
  readonly caughtBy: readonly TrialName[];
}

/** By what each does wrong. */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'takes every echo for a new write': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) => step({ ...register, pending: [] }, event, policy)),
  },
  'takes what it has sent for stored': {
    caughtBy: ['single writers'],
    step: after(({ effect, register }, event) =>
      effect === 'published' && event.kind === 'offered' ? holdingWinner(register, event.broker) : register,
    ),
  },
  'gives no broker the winner back': {
    caughtBy: ['partitions'],
    step: after(({ effect, register }, event) =>
      effect === 'lost' && 'broker' in event ? holdingWinner(register, event.broker) : register,
    ),
  },
  'believes an absence in a replay': {
    caughtBy: [],
    step: on('returned', (register, event, policy) =>
      !event.replayed && event.returnState === 'intact'
        ? step(asking(register, event.broker), absence(event.broker), policy)
        : step(register, event, policy),
    ),
  },
  'takes an absence for a deletion though something newer was on its way': {
    caughtBy: [],
    step: on('probed', (register, event, policy) =>
      event.found === 'absent'
        ? step(holdingWinner(register, event.broker), { ...event, absence: 'deletion' }, policy)
        : step(register, event, policy),
    ),
  },
  'takes for absent what it may not read': { caughtBy: ['lost rights'], link: { provesNothing: true } },
  'is not told what newer messages took the place of': {
    caughtBy: ['power losses'],
    link: { tellsNothingPassedOver: true },
  },
  'holds back no deletions, however many': {
    caughtBy: ['mass absences'],
    deletionGuard: { topics: Number.POSITIVE_INFINITY, percent: 100 },
  },
  'takes for retained what is delivered under a topic that others retain': {
    caughtBy: ['random histories'],
    step: on('observed', (register, event, policy) =>
      event.retained === undefined && register.winner !== undefined
        ? step(register, { ...event, retained: true }, policy)
        : step(register, event, policy),
    ),
  },
  'believes a probe that was overtaken': {
    caughtBy: ['single writers'],
    step: on('probed', (register, event, policy) =>
      step(
        { ...register, probes: register.probes.map(probe => ({ ...probe, isStale: false })) },
        event,
        policy,
      ),
    ),
  },
  'takes lost data for deletions': {
    caughtBy: ['partitions'],
    step: (register, event, policy) =>
      step(
        register,
        withBase(event, () => 'intact'),
        policy,
      ),
  },
  'does not mind that a marker is lower than it left it': {
    caughtBy: ['partitions'],
    step: (register, event, policy) =>
      step(
        register,
        withBase(event, base => (base === 'rolled back' ? 'intact' : base)),
        policy,
      ),
  },
  'forgets a deletion once all brokers are without the topic': {
    caughtBy: ['partitions'],
    step: after(({ register }) =>
      register.winner !== undefined && isDeletion(register.winner) && isSettled(register)
        ? emptyRegister(register.held.length)
        : register,
    ),
  },
  'takes a broker that is away to be without what was deleted': {
    caughtBy: ['partitions'],
    step: after(({ register }) =>
      register.winner !== undefined && isDeletion(register.winner)
        ? { ...register, held: register.held.map(() => 'absent') }
        : register,
    ),
  },
  'dates anew what other replicators wrote': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) =>
      step(register, event.own ? event : { ...event, stamp: undefined }, policy),
    ),
  },
  'dates by what the machine shows': {
    caughtBy: ['single writers'],
    step: (register, event, policy) =>
      step(
        register,
        'newVersion' in event ? { ...event, newVersion: { ...event.newVersion, time: Date.now() } } : event,
        policy,
      ),
  },
  'never asks after an echo that does not come': {
    caughtBy: ['random histories'],
    step: on('echo-overdue', register => outcome(register, 'idle')),
  },
  'takes what was written while a broker was away for old': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) =>
      step(register, event.replay ? { ...event, returnState: 'rolled back' } : event, policy),
    ),
  },
  'takes what a broker kept for written anew': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) =>
      step(
        event.replay ? { ...register, held: register.held.with(event.broker, 'absent') } : register,
        event,
        policy,
      ),
    ),
  },
  'believes stamps of whatever time': { caughtBy: ['random histories'], maxDrift: Number.POSITIVE_INFINITY },
  'never looks again at what it believes': {
    caughtBy: ['random histories'],
    scanPeriod: Number.POSITIVE_INFINITY,
  },
  'does not mind that two wrote at a broker at once': {
    caughtBy: ['races'],
    step: (register, event, policy) => {
      const { raced: _, ...result } = step(register, event, policy);
      return result;
    },
  },
  'does not notice other replicators': { caughtBy: ['several replicators'], isAlone: true },
  'takes what is on the socket for stored, at QoS 0': {
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

/** The core, but for one kind of events. */
function on<K extends Event['kind']>(
  kind: K,
  otherwise: (register: Register, event: Extract<Event, { readonly kind: K }>, policy: Policy) => Outcome,
): Core {
  return (register, event, policy) =>
    event.kind === kind
      ? otherwise(register, event as Extract<Event, { readonly kind: K }>, policy)
      : step(register, event, policy);
}

/** The core, with another register in the end. */
function after(change: (outcome: Outcome, event: Event) => Register): Core {
  return (register, event, policy) => {
    const result = step(register, event, policy);
    return { ...result, register: change(result, event) };
  };
}

/** The register as if the broker had got the winner. */
function holdingWinner(register: Register, broker: number): Register {
  const { winner, held, pending } = register;
  if (winner === undefined || isDeletion(winner)) return register;
  return {
    ...register,
    held: held.with(broker, winner),
    pending: pending.filter(entry => entry.broker !== broker),
  };
}

function isSettled({ held, pending, probes }: Register): boolean {
  return pending.length === 0 && probes.length === 0 && held.every(what => what === 'absent');
}

function asking(register: Register, broker: number): Register {
  return { ...withProbe(register, broker), pending: [] };
}

function absence(broker: number): Event {
  const fresh = { time: Date.now(), counter: 0, replica: 'mutant' };
  return {
    kind: 'probed',
    broker,
    found: 'absent',
    isRolledBack: false,
    absence: 'deletion',
    newVersion: fresh,
    now: Date.now(),
  };
}

function withBase(
  event: Event,
  change: (returnState: Observed['returnState']) => Observed['returnState'],
): Event {
  if (event.kind === 'probed')
    return { ...event, absence: change('wiped') === 'intact' ? 'deletion' : event.absence };
  return 'returnState' in event ? { ...event, returnState: change(event.returnState) } : event;
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
