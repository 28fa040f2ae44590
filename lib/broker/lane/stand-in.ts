/**
 * The stand-in for a PUBLISH that is too large: the same packet without its properties, with a payload that tells how large
 * the message was.
 */

import { randomBytes } from 'node:crypto';
import { type FixedHeader, remainingLength } from './packet-format.ts';

/** What was too large: the packet for its payload, or the properties alone. */
export type TooLarge = 'payload' | 'properties';

/** Random, so that no payload of a client is equal by chance. */
const MARKS: Readonly<Record<TooLarge, Buffer>> = { payload: randomBytes(16), properties: randomBytes(16) };
const MARK_BYTES = 16;
/** A payload of any other size is no stand-in. */
export const STAND_IN_BYTES = MARK_BYTES + 4;

const NO_BYTES = Buffer.alloc(0);

/** The bytes that the payload had at the broker. Infinity where the properties were too large. */
export function sizeOf(payload: Buffer): number {
  if (isStandIn(payload, 'payload')) return payload.readUInt32LE(MARK_BYTES);
  return hasLargeProperties(payload) ? Number.POSITIVE_INFINITY : payload.length;
}

/** Whether the payload is the stand-in for a message whose properties were too large. */
export function hasLargeProperties(payload: Buffer): boolean {
  return isStandIn(payload, 'properties');
}

/** @param body the end of topic and packet identifier */
export function standInFor(
  bytes: Buffer,
  { start, end, length }: FixedHeader,
  body: number,
  what: TooLarge,
  mqtt5: boolean,
): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(length - (body - end));
  const noProperties = mqtt5 ? Buffer.alloc(1) : NO_BYTES;
  const content = Buffer.concat([bytes.subarray(end, body), noProperties, MARKS[what], size]);
  return Buffer.concat([bytes.subarray(start, start + 1), remainingLength(content.length), content]);
}

function isStandIn(payload: Buffer, what: TooLarge): boolean {
  return payload.length === STAND_IN_BYTES && payload.subarray(0, MARK_BYTES).equals(MARKS[what]);
}
