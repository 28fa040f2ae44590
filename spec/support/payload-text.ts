/** Payloads of any size as specs compare them. */

import type { Payload } from '../../lib/core/payload.ts';
import { toBuffer } from '../../lib/protocol/payload.ts';

/** Each character is one byte. */
export function payloadText(payload: Payload): string {
  return toBuffer(payload).toString('latin1');
}

/** A decoder of JSON for merge chains. */
export function parseJson(payload: Payload): unknown {
  return JSON.parse(payloadText(payload));
}
