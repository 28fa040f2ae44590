/**
 * Registers with another value in one field or two.
 *
 * Each function names all fields in one order, as all code does that makes a register: so V8 gives all registers one hidden class.
 * A spread gives them another one at each place in the code, and for each class that is spread there. Then V8 can optimize no code
 * that reads registers: that cost some 9 % of the reconciler's CPU (docs/performance.md).
 */

import type { Held, Message } from './message.ts';
import type { OpenProbe, Pending, Register, Transient } from './register.ts';
import type { RetainInference } from './retain-inference.ts';
import type { Version } from './version.ts';

export function replaceWinner(
  { transient, pending, probes, inference }: Register,
  winner: Message | undefined,
  tombstone: Version | undefined,
  held: readonly Held[],
): Register {
  return { winner, tombstone, transient, held, pending, probes, inference };
}

export function replaceHeld(
  { winner, tombstone, transient, pending, probes, inference }: Register,
  held: readonly Held[],
): Register {
  return { winner, tombstone, transient, held, pending, probes, inference };
}

export function replacePending(
  { winner, tombstone, transient, held, probes, inference }: Register,
  pending: readonly Pending[],
): Register {
  return { winner, tombstone, transient, held, pending, probes, inference };
}

export function replaceHeldAndPending(
  { winner, tombstone, transient, probes, inference }: Register,
  held: readonly Held[],
  pending: readonly Pending[],
): Register {
  return { winner, tombstone, transient, held, pending, probes, inference };
}

export function replaceTransient(
  { winner, tombstone, held, pending, probes, inference }: Register,
  transient: Transient | undefined,
): Register {
  return { winner, tombstone, transient, held, pending, probes, inference };
}

export function replaceProbes(
  { winner, tombstone, transient, held, pending, inference }: Register,
  probes: readonly OpenProbe[],
): Register {
  return { winner, tombstone, transient, held, pending, probes, inference };
}

export function replaceInference(
  { winner, tombstone, transient, held, pending, probes }: Register,
  inference: RetainInference,
): Register {
  return { winner, tombstone, transient, held, pending, probes, inference };
}
