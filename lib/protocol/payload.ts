/** Payloads between their bytes and the form in which the core keeps them (core/payload.ts). */

import { crc32 } from 'node:zlib';
import { LargePayload, MAX_STRING_BYTES, type Payload } from '../core/payload.ts';
import type { BatchReader, BatchWriter } from './batch.ts';

/** The payload with these bytes. A large one is a view of them, so nobody may write to them any more. */
export function payloadFrom(buffer: Buffer): Payload {
  return buffer.length > MAX_STRING_BYTES ? largePayload(buffer) : buffer.toString('latin1');
}

/** A payload as a message between threads carries it outside of a batch. */
export type RawPayload = string | Uint8Array;

/** A copy of bytes from a socket. */
export function rawPayload(buffer: Buffer): RawPayload {
  return buffer.length > MAX_STRING_BYTES ? new Uint8Array(buffer) : buffer.toString('latin1');
}

export function payloadFromRaw(raw: RawPayload): Payload {
  return typeof raw === 'string' ? raw : payloadFrom(Buffer.from(raw.buffer, raw.byteOffset, raw.length));
}

/** The bytes of the payload, which must not be written to. */
export function toBuffer(payload: Payload): Buffer {
  if (typeof payload === 'string') return Buffer.from(payload, 'latin1');
  const { buffer, byteOffset, length } = payload.bytes;
  return Buffer.from(buffer, byteOffset, length);
}

export function writePayload(writer: BatchWriter, payload: Payload): BatchWriter {
  return typeof payload === 'string' ? writer.byteString(payload) : writer.bytes(payload.bytes);
}

export function readPayload(reader: BatchReader): Payload {
  // A view of the bytes would cost more than the string that is made of them.
  return reader.nextLength <= MAX_STRING_BYTES ? reader.byteString() : payloadFrom(reader.bytes());
}

// ── large payloads ─────────────────────────────────────────────────────────────────────────────────────

/** Those of this thread that are in use somewhere, by a checksum of some of their bytes. */
const known = new Map<number, WeakRef<LargePayload>[]>();

const unused = new FinalizationRegistry<number>(key => {
  const left = known.get(key)?.filter(one => one.deref() !== undefined) ?? [];
  if (left.length === 0) known.delete(key);
  else known.set(key, left);
});

/** The one object for these bytes. */
function largePayload(buffer: Buffer): LargePayload {
  const key = sampleOf(buffer);
  const alike = known.get(key) ?? [];
  for (const one of alike) {
    const payload = one.deref();
    if (payload !== undefined && buffer.equals(payload.bytes)) return payload;
  }
  const payload = new LargePayload(withoutWaste(buffer));
  known.set(key, [...alike, new WeakRef(payload)]);
  unused.register(payload, key);
  return payload;
}

const SAMPLES = 16;
const SAMPLE_BYTES = 256;

/** A checksum of samples from the beginning to the end. Payloads that differ nevertheless are compared as a whole. */
function sampleOf(buffer: Buffer): number {
  let checksum = buffer.length;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const at = Math.floor(((buffer.length - SAMPLE_BYTES) * sample) / (SAMPLES - 1));
    checksum = crc32(buffer.subarray(at, at + SAMPLE_BYTES), checksum);
  }
  return checksum;
}

/** A copy if the view keeps much more memory than its own. */
function withoutWaste(buffer: Buffer): Uint8Array {
  if (buffer.buffer.byteLength <= 1.25 * buffer.length) return buffer;
  const copy = Buffer.allocUnsafeSlow(buffer.length);
  copy.set(buffer);
  return copy;
}
