/**
 * SHA-256 of payloads. It takes 0.5 ms for 1 MB, and a comparison 0.02 ms. So the digests of large payloads that a worker publishes
 * are remembered: they come with the publications, and are needed for the stamps of these and of their echoes.
 */

import { hash } from 'node:crypto';
import { MAX_STRING_BYTES } from '../core/payload.ts';

/** As many large payloads may be in flight to a broker, and their echoes to come. */
const MAX_REMEMBERED = 32;

interface Remembered {
  /** Not kept for this: whoever published it has it for as long as it is in flight. */
  readonly payload: WeakRef<Buffer>;
  readonly bytes: number;
  readonly digest: string;
}

/** The oldest first. */
const remembered: Remembered[] = [];

/** The digest in base64url. */
export function payloadDigest(payload: Buffer): string {
  const known =
    payload.length > MAX_STRING_BYTES &&
    remembered.find(one => one.bytes === payload.length && one.payload.deref()?.equals(payload) === true);
  return known ? known.digest : hash('sha256', payload, 'base64url');
}

/** The payload is known to have this digest. Its bytes never change: a buffer of a socket is not to be remembered. */
export function rememberDigest(payload: Buffer, digest: string): void {
  remembered.push({ payload: new WeakRef(payload), bytes: payload.length, digest });
  if (remembered.length > MAX_REMEMBERED) remembered.shift();
}
