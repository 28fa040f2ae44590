/** What mqttrep keeps of a payload to recognize it later: the payload itself, or a digest if it is large. */

import { createHash } from 'node:crypto';

/** A digest stands for a larger payload. */
const MAX_KEPT_PAYLOAD_BYTES = 1_024;

/** @param payload each character is one byte */
export function messageDigestOf(payload: string): string {
  if (payload.length <= MAX_KEPT_PAYLOAD_BYTES) return payload;
  return digestOf(payload.length, createHash('sha256').update(payload, 'latin1').digest('base64'));
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
