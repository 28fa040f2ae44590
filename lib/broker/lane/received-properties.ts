/**
 * The properties of a PUBLISH that was received (MQTT 5 §2.2.2). `checkProperties` walks over the bytes of each packet and makes
 * nothing of them; `readProperties` makes the object.
 *
 * A property that MQTT does not have makes the packet malformed, and the connection ends. A property that is there twice, or is
 * longer than the bytes that are left for it, may come from a client, and its broker passed it on: the message is refused alone
 * (property-faults.ts). It gets a value that no property has: a list, null or -1.
 */

import {
  type MessageProperties,
  ORDER,
  type UserProperties,
  type UserProperty,
} from '../../protocol/properties.ts';

/** Which bytes a value has. A number: that many; text and binary have their length in front of them. */
const TEXT = -1;
const PAIR = -2;
const VARIABLE = -3;

export const TOPIC_ALIAS = 35;
const SUBSCRIPTION_IDENTIFIER = 11;
const USER_PROPERTY = 38;

/** The kinds of all properties of MQTT 5, by their identifiers; 0 for none. */
const KINDS = new Int8Array(256);
for (const [kind, ...identifiers] of [
  [1, 1, 23, 25, 36, 37, 40, 41, 42],
  [2, 19, 33, 34, TOPIC_ALIAS],
  [4, 2, 17, 24, 39],
  [TEXT, 3, 8, 9, 18, 21, 22, 26, 28, 31],
  [PAIR, USER_PROPERTY],
  [VARIABLE, SUBSCRIPTION_IDENTIFIER],
] as const) {
  for (const identifier of identifiers) KINDS[identifier] = kind;
}

/** The names of the properties that are read. */
const NAMES: Readonly<Record<number, Exclude<keyof MessageProperties, 'userProperties'>>> = {
  1: 'payloadFormatIndicator',
  2: 'messageExpiryInterval',
  3: 'contentType',
  8: 'responseTopic',
  9: 'correlationData',
};

export interface Checked {
  /** What makes the packet malformed, in words that follow its name; undefined where nothing does. */
  fault: string | undefined;
  /** The topic alias; 0 for none. */
  alias: number;
}

/** One for all packets of a thread: a check ends before the next one begins. */
const checked: Checked = { fault: undefined, alias: 0 };

/** Returns what it found; it is overwritten by the next check. */
export function checkProperties(bytes: Uint8Array, start: number, end: number): Readonly<Checked> {
  checked.fault = undefined;
  checked.alias = 0;
  for (let at = start; at < end; ) {
    const identifier = bytes[at] as number;
    const kind = KINDS[identifier] as number;
    if (kind === 0) {
      checked.fault = 'with a property that MQTT does not have';
      return checked;
    }
    if (identifier === TOPIC_ALIAS) {
      if (checked.alias !== 0) checked.fault = 'with two topic aliases';
      if (at + 3 <= end) checked.alias = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      if (checked.alias === 0) checked.fault = 'with a topic alias of 0';
      if (checked.fault !== undefined) return checked;
    }
    at = endOfValue(bytes, at + 1, end, kind);
    if (at === MALFORMED) {
      checked.fault = 'with a number of more than four bytes';
      return checked;
    }
  }
  return checked;
}

const MALFORMED = -1;

/** Beyond the end where the value is longer than the bytes that are left. */
function endOfValue(bytes: Uint8Array, at: number, end: number, kind: number): number {
  if (kind > 0) return at + kind;
  if (kind === TEXT) return endOfText(bytes, at, end);
  if (kind === PAIR) return endOfText(bytes, endOfText(bytes, at, end), end);
  for (let next = at; next < end && next < at + 4; next++) {
    if ((bytes[next] as number) < 0x80) return next + 1;
  }
  return at + 4 > end ? end + 1 : MALFORMED;
}

function endOfText(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return end + 1;
  return at + 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
}

type Draft = { -readonly [Key in keyof MessageProperties]: unknown };

/** The bytes have passed `checkProperties`. */
export function readProperties(bytes: Buffer, start: number, end: number): MessageProperties {
  const properties: Draft = {};
  let pairs: UserProperty[] | undefined;
  for (let at = start; at < end; ) {
    const identifier = bytes[at] as number;
    const kind = KINDS[identifier] as number;
    const begin = at + 1;
    at = endOfValue(bytes, begin, end, kind);
    const isTruncated = at > end;
    const name = NAMES[identifier];
    if (identifier === USER_PROPERTY) {
      pairs ??= [];
      pairs.push(isTruncated ? TRUNCATED_PAIR : pairOf(bytes, begin, at));
    } else if (name !== undefined) {
      add(properties, name, isTruncated ? null : propertyValue(bytes, begin, at, identifier));
    } else if (isTruncated) properties.messageExpiryInterval = TRUNCATED;
  }
  if (pairs !== undefined) properties.userProperties = grouped(pairs);
  return properties as MessageProperties;
}

/** No message expiry is negative. */
const TRUNCATED = -1;
const TRUNCATED_PAIR = [null, null] as unknown as UserProperty;

function add(properties: Draft, name: keyof MessageProperties, value: unknown): void {
  const before = properties[name];
  if (before === undefined) properties[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else properties[name] = [before, value];
}

function propertyValue(bytes: Buffer, begin: number, end: number, identifier: number): unknown {
  if (identifier === 1) return bytes[begin] !== 0;
  if (identifier === 2) return bytes.readUInt32BE(begin);
  // A view of the bytes, like the payload.
  if (identifier === 9) return bytes.subarray(begin + 2, end);
  return bytes.toString('utf8', begin + 2, end);
}

function pairOf(bytes: Buffer, begin: number, end: number): UserProperty {
  const middle = endOfText(bytes, begin, end);
  return [bytes.toString('utf8', begin + 2, middle), bytes.toString('utf8', middle + 2, end)];
}

/** By their names, as the stamps are looked up; beside them the list in its order. */
function grouped(pairs: readonly UserProperty[]): UserProperties {
  // Without a prototype, since the names come from the network.
  const user: UserProperties = Object.create(null);
  for (const [name, value] of pairs) {
    const before = user[name];
    if (before === undefined) user[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else user[name] = [before, value];
  }
  user[ORDER] = pairs;
  return user;
}
