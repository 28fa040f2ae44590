/**
 * The hash of a topic and a payload, by which equal messages are known without keeping them.
 *
 * A client must not be able to make a message that has the hash of another one: its message would be taken for an echo. So
 * the hash is cryptographic, and 48 bits of it are kept, which a number of JavaScript holds exactly.
 */

import { hash } from 'node:crypto';

const KEPT_BYTES = 6;

/** Memory for contents up to this size. Memory of its own for each content would make V8 collect more often. */
const SHARED_BYTES = 16 * 1024;

const shared = Buffer.allocUnsafeSlow(SHARED_BYTES);

export function contentHash(topic: string, payload: Buffer): number {
  const length = Buffer.byteLength(topic);
  const bytes = 4 + length + payload.length;
  const content = bytes <= SHARED_BYTES ? shared.subarray(0, bytes) : Buffer.allocUnsafe(bytes);
  content.writeUInt32LE(length, 0);
  content.write(topic, 4, 'utf8');
  content.set(payload, 4 + length);
  // A text of one character a byte costs a third of a buffer.
  const digest = hash('sha1', content, 'binary');
  let kept = 0;
  for (let index = KEPT_BYTES - 1; index >= 0; index--) kept = kept * 256 + digest.charCodeAt(index);
  return kept;
}
