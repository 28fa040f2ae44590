/** What mqttrep keeps of a payload to recognize it later: the payload itself, or a digest if it is large. */

import type { LargePayload, Payload } from '../core/payload.ts';
import { toBuffer } from './payload.ts';
import { payloadDigest } from './payload-digest.ts';

/** A digest stands for a larger payload. */
const MAX_KEPT_PAYLOAD_BYTES = 1_024;

/** The last string and its digest: a message is asked for its digest when it is sent, when its echo comes, and when it rests. */
let last = { payload: '', digest: '' };

/** SHA-256, in base64url. */
const digests = new WeakMap<LargePayload, string>();

export function messageDigestOf(payload: Payload): string {
  if (typeof payload === 'string') return digestOfString(payload);
  return digestText(payload.length, largePayloadDigest(payload));
}

/** SHA-256 in base64url. */
export function largePayloadDigest(payload: LargePayload): string {
  const known = digests.get(payload);
  if (known !== undefined) return known;
  const digest = payloadDigest(toBuffer(payload));
  digests.set(payload, digest);
  return digest;
}

function digestOfString(payload: string): string {
  if (payload.length <= MAX_KEPT_PAYLOAD_BYTES) return payload;
  if (payload === last.payload) return last.digest;
  const digest = messageDigestOfBytes(toBuffer(payload));
  last = { payload, digest };
  return digest;
}

/** Whether the payload itself is kept. */
export function isItsOwnDigest(payload: { readonly length: number }): boolean {
  return payload.length <= MAX_KEPT_PAYLOAD_BYTES;
}

/** The same, of a payload as it came from the socket. */
export function messageDigestOfBytes(payload: Buffer): string {
  if (payload.length <= MAX_KEPT_PAYLOAD_BYTES) return payload.toString('latin1');
  return digestText(payload.length, payloadDigest(payload));
}

function digestText(bytes: number, digest: string): string {
  return `${bytes} bytes ${digest}`;
}
