/**
 * CBOR (RFC 8949). Maps become `Map`, since their keys may be numbers. Tags are ignored, except those of dates and of integers of
 * many bytes; so tags of shared values cannot make a cycle.
 */

import { type DecodeOptions, decode, type TagDecoder } from 'cborg';
import type { Payload } from '../../core/payload.ts';
import { toBuffer } from '../../protocol/payload.ts';

/** Bytes of an integer at most. The cost of a larger one grows with the square of its length. */
const MAX_INTEGER_BYTES = 64;

const untagged: TagDecoder = content => content();

const TAGS: Readonly<Record<number, TagDecoder>> = {
  1: content => dateOf(content()),
  2: content => integerOf(content()),
  3: content => {
    const integer = integerOf(content());
    return integer === undefined ? undefined : -1n - integer;
  },
};

const OPTIONS: DecodeOptions = {
  useMaps: true,
  // cborg refuses a payload with a tag for which it has no function.
  tags: new Proxy(TAGS, { get: (tags, tag) => tags[Number(tag)] ?? untagged }),
};

/** @throws if the payload is no CBOR, has strings of indefinite length, or is nested too deep for the stack */
export function decodeCbor(payload: Payload): unknown {
  return decode(toBuffer(payload), OPTIONS);
}

function dateOf(seconds: unknown): Date | undefined {
  return typeof seconds === 'number' || typeof seconds === 'bigint'
    ? new Date(Number(seconds) * 1000)
    : undefined;
}

function integerOf(bytes: unknown): bigint | undefined {
  if (!(bytes instanceof Uint8Array) || bytes.length > MAX_INTEGER_BYTES) return undefined;
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
}
