/**
 * Payloads as the core keeps them.
 *
 * Invariant: equal payloads are `===`. A small payload is a string, which is cheap to keep and to compare. A large one stays bytes,
 * and whoever makes it (lib/protocol/payload.ts) returns the same object for the same bytes.
 */

/** More bytes are no string: to make one takes V8 longer than all else that happens to such a payload. */
export const MAX_STRING_BYTES = 32 * 1024;

/** A payload of more than `MAX_STRING_BYTES`. Nobody writes to its bytes. */
export class LargePayload {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.length;
  }
}

/** A string has one character for each byte, 0…255. */
export type Payload = string | LargePayload;

/** The order of the bytes: negative if `a` comes before `b`. A payload comes before those that it is the beginning of. */
export function comparePayloads(a: Payload, b: Payload): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at++) {
    const difference = byteAt(a, at) - byteAt(b, at);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function byteAt(payload: Payload, at: number): number {
  return typeof payload === 'string' ? payload.charCodeAt(at) : (payload.bytes[at] as number);
}

/** Some bytes of a payload as a string, as `String.slice` takes them. */
export function sliceOf(payload: Payload, start: number, end?: number): string {
  if (typeof payload === 'string') return payload.slice(start, end);
  let text = '';
  for (const byte of payload.bytes.subarray(start, end)) text += String.fromCharCode(byte);
  return text;
}
