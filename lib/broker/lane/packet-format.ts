/** Parts of the format of MQTT packets. */

export const PUBLISH = 3;
export const PUBACK = 4;

export interface FixedHeader {
  readonly start: number;
  readonly end: number;
  /** Bytes that follow the header. */
  readonly length: number;
}

/**
 * A variable byte integer and its end; undefined where it is incomplete.
 * @param limit the end of the bytes that it may have
 */
export function variableInteger(
  bytes: Buffer,
  at: number,
  limit = bytes.length,
): { readonly end: number; readonly value: number } | undefined {
  let value = 0;
  for (let digit = 0; digit < 4; digit++) {
    if (at + digit >= limit) return undefined;
    const byte = bytes[at + digit] as number;
    value += (byte & 0x7f) * 128 ** digit;
    if (byte < 0x80) return { end: at + digit + 1, value };
  }
  // More than four bytes: its last one tells.
  return { end: at + 4, value: 0 };
}

/** The length of a packet as a variable byte integer. */
export function remainingLength(length: number): Buffer {
  const digits: number[] = [];
  for (let left = length; digits.length === 0 || left > 0; left = Math.floor(left / 128)) {
    digits.push((left % 128) | (left >= 128 ? 0x80 : 0));
  }
  return Buffer.from(digits);
}

/** Writes a variable byte integer. Returns its end. */
export function writeVariableInteger(buffer: Buffer, start: number, value: number): number {
  let [at, left] = [start, value];
  for (; left > 127; left >>>= 7) buffer[at++] = (left & 0x7f) | 0x80;
  buffer[at++] = left;
  return at;
}
