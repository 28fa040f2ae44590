/** A message under a topic, and what a broker retains there. */

import type { Payload } from './payload.ts';
import type { Version } from './version.ts';

export interface Message {
  /** Empty in a retained message: the topic was deleted. */
  readonly payload: Payload;
  /**
   * MQTT 5 properties that travel with the message, as canonical JSON; empty for none. Undefined for a message that
   * came over MQTT 3.1.1, which cannot show them.
   */
  readonly properties: string | undefined;
  readonly version: Version;
  /** Index of the broker at which it was written; `NOBODY` for what mqttrep itself writes. */
  readonly origin: number;
  /** When its MQTT 5 message expiry ends, at the brokers too: milliseconds since 1970; Infinity for never. */
  readonly messageExpiresAt: number;
  /** When its TTL ends and mqttrep deletes it: milliseconds since 1970; Infinity for never. */
  readonly ttlExpiresAt: number;
}

/** What a broker retains under the topic, as far as is known. */
export type Held = Message | 'unknown' | 'absent';

/** The origin of what mqttrep itself writes: expiries, and messages that a person restores. */
export const NOBODY = -1;

/** Message expiry is in whole seconds, and takes time to travel. */
const EXPIRY_TOLERANCE_MS = 2_000;

export function isDeletion(message: Pick<Message, 'payload'>): boolean {
  return message.payload === '';
}

/** The message that says: there is nothing under this topic. */
export function deletion(version: Version, origin: number): Message {
  return {
    payload: '',
    properties: '',
    version,
    origin,
    messageExpiresAt: Number.POSITIVE_INFINITY,
    ttlExpiresAt: Number.POSITIVE_INFINITY,
  };
}

/** What a broker holds once it has stored a retained message. */
export function heldAfter(message: Message): Held {
  return isDeletion(message) ? 'absent' : message;
}

/** Whether two messages look alike to a subscriber. Unknown properties equal any. */
export function haveSameContent(
  a: Pick<Message, 'payload' | 'properties'>,
  b: Pick<Message, 'payload' | 'properties'>,
): boolean {
  return (
    a.payload === b.payload &&
    (a.properties === b.properties || a.properties === undefined || b.properties === undefined)
  );
}

/** Whether a broker that holds `held` holds the winner. */
export function isInSync(held: Held, winner: Message): boolean {
  if (held === winner) return true;
  if (held === 'unknown') return false;
  if (held === 'absent') return isDeletion(winner);
  return haveSameContent(held, winner) && haveSameExpiry(held, winner);
}

/** A message with unknown properties has an unknown expiry, which equals any. */
function haveSameExpiry(a: Message, b: Message): boolean {
  if (a.messageExpiresAt === b.messageExpiresAt || a.properties === undefined || b.properties === undefined)
    return true;
  return Math.abs(a.messageExpiresAt - b.messageExpiresAt) <= EXPIRY_TOLERANCE_MS;
}

/** When the message expires, by its TTL or by its message expiry: milliseconds since 1970. */
export function expiryOf(message: Message): number {
  return Math.min(message.messageExpiresAt, message.ttlExpiresAt);
}

/** When a message that was written at `now` expires by a TTL in milliseconds; a TTL of 0 is for ever. */
export function afterTtl(now: number, ttl: number): number {
  return ttl === 0 ? Number.POSITIVE_INFINITY : now + ttl;
}
