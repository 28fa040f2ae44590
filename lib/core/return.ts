/**
 * A broker has replayed what it retains after a connect.
 *
 * A replay that shows a topic proves that the topic is there. One that does not show it proves nothing, since brokers cut
 * replays short. So a topic that the broker held, or that was pending there, and that it did not show is probed. If the broker
 * lost its data, it gets all of it back instead.
 */

import type { Returned } from './events.ts';
import { type Outcome, outcome } from './outcome.ts';
import { has, type Policy } from './policy.ts';
import { sendProbe } from './probes.ts';
import {
  heldWith,
  isRetainedPending,
  pendingWithout,
  pendingWithoutTransient,
  type Register,
} from './register.ts';
import { replaceHeldAndPending, replacePending } from './register-changes.ts';

export function returned(register: Register, event: Returned, policy: Policy): Outcome<'updated' | 'idle'> {
  const { broker, returnState, replayed, atMarker } = event;
  if (returnState === 'no retention') return returnedWithoutRetention(register, broker);
  const pending = pendingWithout(register, broker, register.pending.length);
  const wasPending = pending.length < register.pending.length;
  if (replayed)
    return wasPending ? outcome(replacePending(register, pending), 'updated') : outcome(register, 'idle');
  if (!wasPending && typeof register.held[broker] !== 'object') return outcome(register, 'idle');
  if (has(policy.echo, broker) && returnState === 'intact') {
    // Transient publishes were lost with the connection.
    const kept = pendingWithoutTransient(register, broker, register.pending.length);
    // The broker may have rolled back to before it had the topic: then its absence tells nothing, now and later.
    const held = atMarker === 'not known' ? heldWith(register, broker, 'unknown') : register.held;
    return sendProbe(replaceHeldAndPending(register, held, kept), broker, 'background');
  }
  const isTrusted =
    !wasPending && !has(policy.echo, broker) && returnState === 'intact' && atMarker === 'the same';
  return isTrusted
    ? outcome(register, 'idle')
    : outcome(replaceHeldAndPending(register, heldWith(register, broker, 'unknown'), pending), 'updated');
}

/**
 * A broker without retained messages replays nothing. What was published to it before stays published. A publish that was
 * pending when the connection broke may have been lost, and is sent again.
 */
function returnedWithoutRetention(register: Register, broker: number): Outcome<'updated' | 'idle'> {
  const pending = pendingWithout(register, broker, register.pending.length);
  if (pending.length === register.pending.length) return outcome(register, 'idle');
  const held = isRetainedPending(register, broker) ? heldWith(register, broker, 'unknown') : register.held;
  return outcome(replaceHeldAndPending(register, held, pending), 'updated');
}
