/** The part of a retained message that is needed to compare and to print it. Its size is bounded. */

import { createHash } from 'node:crypto';

export interface RetainedState {
  /** The first MAX_HEAD_BYTES of the payload; each character is one byte. */
  readonly head: string;
  /** Bytes of the payload. */
  readonly size: number;
  /** SHA-256 of the payload if it is longer than `head`. */
  readonly digest: string | undefined;
  /** Canonical, see properties.ts; undefined over MQTT 3.1.1. */
  readonly properties: string | undefined;
}

/** What a broker retains under a topic; `unknown` if it did not tell. */
export type BrokerSnapshot = RetainedState | 'absent' | 'unknown';

/** Of a longer payload only so many bytes are kept, and a digest. */
const MAX_HEAD_BYTES = 200;

export function retainedStateOf(payload: Buffer, properties: string | undefined): RetainedState {
  const isWhole = payload.length <= MAX_HEAD_BYTES;
  const digest = isWhole ? undefined : createHash('sha256').update(payload).digest('hex');
  return { head: payload.toString('latin1', 0, MAX_HEAD_BYTES), size: payload.length, digest, properties };
}

/** Whether a subscriber gets the same message from both. Unknown properties are equal to any. */
export function isSame(a: BrokerSnapshot, b: BrokerSnapshot): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  const isSamePayload = a.size === b.size && a.head === b.head && a.digest === b.digest;
  const { properties } = a;
  return (
    isSamePayload && (properties === b.properties || properties === undefined || b.properties === undefined)
  );
}
