/** What mqttrep keeps of a payload to recognize it later: the payload itself, or a digest if it is large. */

import { createHash } from 'node:crypto';

/** A digest stands for a larger payload. */
const MAX_KEPT_PAYLOAD_BYTES = 1_024;

/** A larger payload is not kept here, only to save its next digest. */
const MAX_LAST_BYTES = 2 * 1024 * 1024;

/** The last payload and its digest: a message is asked for its digest when it is sent, when its echo comes, and when it rests. */
let last = { payload: '', digest: '' };

/** @param payload each character is one byte */
export function messageDigestOf(payload: string): string {
  if (payload.length <= MAX_KEPT_PAYLOAD_BYTES) return payload;
  if (payload === last.payload) return last.digest;
  const digest = digestOf(payload.length, createHash('sha256').update(payload, 'latin1').digest('base64'));
  if (payload.length <= MAX_LAST_BYTES) last = { payload, digest };
  return digest;
}

/** Whether the payload itself is kept. */
export function isItsOwnDigest(payload: { readonly length: number }): boolean {
  return payload.length <= MAX_KEPT_PAYLOAD_BYTES;
}

/** The same, of a payload as it came from the socket. */
export function messageDigestOfBytes(payload: Buffer): string {
  if (payload.length <= MAX_KEPT_PAYLOAD_BYTES) return payload.toString('latin1');
  return digestOf(payload.length, createHash('sha256').update(payload).digest('base64'));
}

function digestOf(bytes: number, digest: string): string {
  return `${bytes} bytes ${digest}`;
}
