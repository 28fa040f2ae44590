/** Mutants of the core: each changes what `step` is told, or what it answers. */

import type { Event, Observed } from '../../lib/core/events.ts';
import { isDeletion } from '../../lib/core/message.ts';
import { type Outcome, outcome } from '../../lib/core/outcome.ts';
import type { Policy } from '../../lib/core/policy.ts';
import { emptyRegister, type Register, withProbe } from '../../lib/core/register.ts';
import { step } from '../../lib/core/step.ts';
import type { Mutant } from './mutant.ts';

type Core = typeof step;

/** By what each does. */
export const CORE_MUTANTS: Readonly<Record<string, Mutant>> = {
  'takes each echo for a new write': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) => step({ ...register, pending: [] }, event, policy)),
  },
  'takes a sent publish for stored': {
    caughtBy: ['single writers'],
    step: after(({ effect, register }, event) =>
      effect === 'published' && event.kind === 'offered' ? holdingWinner(register, event.broker) : register,
    ),
  },
  'never gives the winner to a broker that shows a loser': {
    caughtBy: ['partitions'],
    step: after(({ effect, register }, event) =>
      effect === 'lost' && 'broker' in event ? holdingWinner(register, event.broker) : register,
    ),
  },
  'believes an absence from a replay': {
    caughtBy: [],
    step: on('returned', (register, event, policy) =>
      !event.replayed && event.returnState === 'intact'
        ? step(withOpenProbe(register, event.broker), absence(event.broker), policy)
        : step(register, event, policy),
    ),
  },
  'takes an absence for a deletion though a newer publish is pending': {
    caughtBy: [],
    step: on('probed', (register, event, policy) =>
      event.found === 'absent'
        ? step(holdingWinner(register, event.broker), { ...event, absence: 'deletion' }, policy)
        : step(register, event, policy),
    ),
  },
  'takes each message for retained under a topic that others retain': {
    caughtBy: ['random histories'],
    step: on('observed', (register, event, policy) =>
      event.retained === undefined && register.winner !== undefined
        ? step(register, { ...event, retained: true }, policy)
        : step(register, event, policy),
    ),
  },
  'believes a stale probe': {
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
        withReturnState(event, () => 'intact'),
        policy,
      ),
  },
  'ignores that a marker is lower than recorded': {
    caughtBy: ['partitions'],
    step: (register, event, policy) =>
      step(
        register,
        withReturnState(event, returnState => (returnState === 'rolled back' ? 'intact' : returnState)),
        policy,
      ),
  },
  'forgets a deletion once all brokers are without the topic': {
    caughtBy: ['partitions'],
    step: after(({ register }) =>
      register.winner !== undefined && isDeletion(register.winner) && isQuiet(register)
        ? emptyRegister(register.held.length)
        : register,
    ),
  },
  'believes that a disconnected broker lacks a deleted topic': {
    caughtBy: ['partitions'],
    step: after(({ register }) =>
      register.winner !== undefined && isDeletion(register.winner)
        ? { ...register, held: register.held.map(() => 'absent') }
        : register,
    ),
  },
  'gives new versions to the messages of other replicators': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) =>
      step(register, event.own ? event : { ...event, stamp: undefined }, policy),
    ),
  },
  'takes the time of versions from the clock of the machine': {
    caughtBy: ['single writers'],
    step: (register, event, policy) =>
      step(
        register,
        'newVersion' in event ? { ...event, newVersion: { ...event.newVersion, time: Date.now() } } : event,
        policy,
      ),
  },
  'never probes after an overdue echo': {
    caughtBy: ['random histories'],
    step: on('echo-overdue', register => outcome(register, 'idle')),
  },
  'takes a write at a disconnected broker for old': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) =>
      step(register, event.replay ? { ...event, returnState: 'rolled back' } : event, policy),
    ),
  },
  'takes a message that a broker kept for a new write': {
    caughtBy: ['partitions'],
    step: on('observed', (register, event, policy) =>
      step(
        event.replay ? { ...register, held: register.held.with(event.broker, 'absent') } : register,
        event,
        policy,
      ),
    ),
  },
  'ignores races': {
    caughtBy: ['races'],
    step: (register, event, policy) => {
      const { raced: _, ...result } = step(register, event, policy);
      return result;
    },
  },
};

/** The core with another rule for one kind of events. */
function on<K extends Event['kind']>(
  kind: K,
  otherwise: (register: Register, event: Extract<Event, { readonly kind: K }>, policy: Policy) => Outcome,
): Core {
  return (register, event, policy) =>
    event.kind === kind
      ? otherwise(register, event as Extract<Event, { readonly kind: K }>, policy)
      : step(register, event, policy);
}

/** The core with a change to the register of each outcome. */
function after(change: (outcome: Outcome, event: Event) => Register): Core {
  return (register, event, policy) => {
    const result = step(register, event, policy);
    return { ...result, register: change(result, event) };
  };
}

/** The register as if the broker held the winner. */
function holdingWinner(register: Register, broker: number): Register {
  const { winner, held, pending } = register;
  if (winner === undefined || isDeletion(winner)) return register;
  return {
    ...register,
    held: held.with(broker, winner),
    pending: pending.filter(entry => entry.broker !== broker),
  };
}

function isQuiet({ held, pending, probes }: Register): boolean {
  return pending.length === 0 && probes.length === 0 && held.every(what => what === 'absent');
}

function withOpenProbe(register: Register, broker: number): Register {
  return { ...withProbe(register, broker), pending: [] };
}

function absence(broker: number): Event {
  const newVersion = { time: Date.now(), counter: 0, replica: 'mutant' };
  return {
    kind: 'probed',
    broker,
    found: 'absent',
    isRolledBack: false,
    absence: 'deletion',
    newVersion,
    now: Date.now(),
  };
}

function withReturnState(
  event: Event,
  change: (returnState: Observed['returnState']) => Observed['returnState'],
): Event {
  if (event.kind === 'probed')
    return { ...event, absence: change('wiped') === 'intact' ? 'deletion' : event.absence };
  return 'returnState' in event ? { ...event, returnState: change(event.returnState) } : event;
}
