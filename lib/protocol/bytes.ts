/** Payloads as the core keeps them: strings in which each character is one byte. */

import type { Bytes } from '../core/register.ts';

export function fromBuffer(buffer: Buffer): Bytes {
  return buffer.toString('latin1');
}

export function toBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes, 'latin1');
}
