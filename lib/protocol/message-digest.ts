/** What is kept of a payload that a broker held, to know it again: the payload, or a digest of a larger one. */

import { createHash } from 'node:crypto';

/** Of a larger payload a digest is kept, in bytes. */
const LARGEST_PAYLOAD = 1_024;

/** @param payload one character a byte */
export function messageDigestOf(payload: string): string {
  if (payload.length <= LARGEST_PAYLOAD) return payload;
  return digestOf(payload.length, createHash('sha256').update(payload, 'latin1').digest('base64'));
}

/** The same of the bytes that came from the socket. */
export function messageDigestOfBytes(payload: Buffer): string {
  if (payload.length <= LARGEST_PAYLOAD) return payload.toString('latin1');
  return digestOf(payload.length, createHash('sha256').update(payload).digest('base64'));
}

function digestOf(bytes: number, digest: string): string {
  return `${bytes} bytes ${digest}`;
}
