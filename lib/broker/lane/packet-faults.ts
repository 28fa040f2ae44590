/** What makes a packet of a broker malformed, or too large, in words that follow its name. */

/** The names of packets, by their types. */
const PACKET_NAMES = [
  'packet of type 0',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
] as const;

/** SUBACK and UNSUBACK: they have a code for each filter. */
const WITH_CODES: ReadonlySet<number> = new Set([9, 11]);

/** PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK. */
const WITH_PACKET_ID: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 11]);

/** Largest packet other than a PUBLISH: identifiers, codes and a reason string. */
const MAX_CONTROL_BYTES = 8 * 1024;

/** Largest AUTH, whose data may be a ticket of another system. */
const AUTH = 15;
const MAX_AUTH_BYTES = 72 * 1024;

export const TOO_LONG_LENGTH = 'whose length has more than four bytes';
export const TOO_SHORT = 'that is too short for what it must hold';

/** The name of a packet by its first byte, and what is wrong with it. */
export function named(first: number, fault: string): string {
  return `a ${PACKET_NAMES[first >> 4]} ${fault}`;
}

/**
 * What is wrong with a packet that is not a PUBLISH, as far as its fixed header tells.
 * @param filters in the largest SUBSCRIBE or UNSUBSCRIBE that was sent
 */
export function controlFault(type: number, length: number, filters: number): string | undefined {
  const codes = WITH_CODES.has(type) ? filters : 0;
  const most = type === AUTH ? MAX_AUTH_BYTES : MAX_CONTROL_BYTES + codes;
  if (length > most) return `of ${length} bytes`;
  return WITH_PACKET_ID.has(type) && length < 2 ? TOO_SHORT : undefined;
}
