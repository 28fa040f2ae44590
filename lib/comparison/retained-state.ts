/** A retained message, as much of it as is needed to compare and to show it: bounded, however long the payload. */

import { createHash } from 'node:crypto';
import { fromBuffer } from '../protocol/bytes.ts';

export interface RetainedState {
  /** The first SHOWN bytes; one character is one byte. */
  readonly head: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the payload, where it is longer than `head`. */
  readonly digest: string | undefined;
  /** Canonical; undefined over MQTT 3.1.1, which shows none. */
  readonly properties: string | undefined;
}

/** `unknown`: the broker did not say. */
export type BrokerSnapshot = RetainedState | 'absent' | 'unknown';

/** Payloads are kept up to so many bytes; of longer ones a digest. */
const SHOWN = 200;

export function retainedStateOf(payload: Buffer, properties: string | undefined): RetainedState {
  const isWhole = payload.length <= SHOWN;
  const digest = isWhole ? undefined : createHash('sha256').update(payload).digest('hex');
  return { head: fromBuffer(payload.subarray(0, SHOWN)), size: payload.length, digest, properties };
}

/** Whether two messages look alike to a subscriber. Unknown properties equal any. */
export function isSame(a: BrokerSnapshot, b: BrokerSnapshot): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  const isSamePayload = a.size === b.size && a.head === b.head && a.digest === b.digest;
  const { properties } = a;
  return (
    isSamePayload && (properties === b.properties || properties === undefined || b.properties === undefined)
  );
}
