/**
 * What a topic takes in memory: its name, and the payloads and properties of the messages in its register. A message that several
 * brokers hold counts once. The rest is about the same for each topic.
 */

import { type Held, type Message, NOBODY, type Pending, type Register } from '../../core/register.ts';
import type { UnresolvedWrite } from '../../core/retain-inference.ts';

/** Bytes of a topic at rest besides its name, payloads and properties, about. */
export const TOPIC_BYTES = 256;

/** Bytes that a topic of this name takes without its messages. */
export function fixedBytes(name: string): number {
  return TOPIC_BYTES + Buffer.byteLength(name);
}

/** Bytes of a payload and its properties. Each character of properties counts as one byte: most are ASCII. */
export function messageBytes({ payload, properties }: Pick<Message, 'payload' | 'properties'>): number {
  return payload.length + (properties?.length ?? 0);
}

/**
 * Bytes of all messages in a register. A message that follows itself counts once. This is computed with each change of a topic, and
 * most registers have no message but the winner.
 */
export function registerBytes({ winner, transient, held, pending, inference }: Register): number {
  let bytes = winner === undefined ? 0 : messageBytes(winner);
  let last = winner;
  for (let index = 0; index < held.length; index++) {
    const one = held[index];
    if (one === winner || one === last || typeof one !== 'object') continue;
    bytes += messageBytes(one);
    last = one;
  }
  if (pending.length > 0) bytes += pendingBytes(pending, winner);
  if (transient !== undefined) bytes += messageBytes(transient.message);
  const { unresolved } = inference;
  return unresolved.length > 0 ? bytes + unresolvedBytes(unresolved, held) : bytes;
}

function pendingBytes(pending: readonly Pending[], winner: Message | undefined): number {
  let bytes = 0;
  let last = winner;
  for (const { message } of pending) {
    if (message === winner || message === last) continue;
    bytes += messageBytes(message);
    last = message;
  }
  return bytes;
}

function unresolvedBytes(unresolved: readonly UnresolvedWrite[], held: readonly Held[]): number {
  let bytes = 0;
  for (const write of unresolved) {
    bytes += write.payload.length;
    const before = write.kind === 'forced' ? write.before : undefined;
    if (before !== undefined && !held.includes(before)) bytes += messageBytes(before);
  }
  return bytes;
}

/** The broker whose client wrote the message for which the topic takes memory. */
export function ownerOf({ winner, transient }: Register): number {
  return (winner ?? transient?.message)?.origin ?? NOBODY;
}
