/**
 * The MQTT 5 properties of a message that are replicated, and mqttrep's stamp among them.
 *
 * Inside mqttrep the properties of a message are one canonical string, empty for none, so that two messages are compared
 * by comparing strings. It leaves out properties of one hop (topic alias, subscription identifier), and the message
 * expiry, which mqttrep keeps as a time.
 */

import { MAX_COUNTER, type Version } from '../core/version.ts';

/** The name and the value of one user property, in the order of the message. */
export type UserProperty = readonly [name: string, value: string];

/**
 * The key of the user properties in their order on the wire. The object that MQTT.js makes of them loses that order: it
 * groups them by name, and puts names that look like numbers first.
 */
export const ORDER = Symbol('order');

/** User properties of MQTT.js: one name may have several values. */
export type UserProperties = Record<string, string | string[]> & {
  [ORDER]?: readonly UserProperty[];
};

/** The properties of MQTT.js that are replicated. */
export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  readonly messageExpiryInterval?: number;
  readonly userProperties?: UserProperties;
}

/** The properties as MQTT.js takes them: it writes the user properties of a list in the order of the list. */
export type SentProperties = Omit<MessageProperties, 'userProperties'> & {
  readonly userProperties: UserProperties | readonly UserProperties[];
};

/** The user property that holds the version of a message. */
export const STAMP = 'mqttrep-ts';
/** The user property that names the replicator that sent this copy. */
export const SENDER = 'mqttrep-from';

/** The user property that names an event: `node.origin.number`. */
export const EVENT = 'mqttrep-event';
/** The user property with the ids of the brokers that an event has passed. */
export const PATH = 'mqttrep-path';

/** Whether a user property is part of mqttrep's stamp, and so not replicated. */
export function isOwnProperty(name: string): boolean {
  return name === STAMP || name === SENDER || name === EVENT || name === PATH;
}

export interface Stamp {
  readonly version: Version;
  /** The replica that sent the copy, and the digests that bind the stamp to it (stamps.ts). */
  readonly sender: string;
}

/** The last version that was formatted: a message needs it for its stamp and for the digest of the stamp. */
let last: Version | undefined;
let lastText = '';

/** `time.counter.replica`, the numbers in base 36. */
export function formatVersion(version: Version): string {
  if (version !== last) {
    lastText = `${version.time.toString(36)}.${version.counter.toString(36)}.${version.replica}`;
    last = version;
  }
  return lastText;
}

const BASE36 = /^[0-9a-z]{1,11}$/;
const MAX_REPLICA_LENGTH = 64;

/** Undefined if the text is no version: any client may write user properties. */
export function parseVersion(text: string): Version | undefined {
  const [time = '', counter = '', replica, ...rest] = text.split('.');
  if (replica === undefined || rest.length > 0 || !BASE36.test(time) || !BASE36.test(counter))
    return undefined;
  if (replica.length > MAX_REPLICA_LENGTH) return undefined;
  const version = { time: Number.parseInt(time, 36), counter: Number.parseInt(counter, 36), replica };
  return Number.isSafeInteger(version.time) && version.counter <= MAX_COUNTER ? version : undefined;
}

/** The stamp of a message and the text of its version, or undefined. */
export function readStamp(
  properties: MessageProperties | undefined,
): (Stamp & { readonly text: string }) | undefined {
  const user = properties?.userProperties;
  if (user === undefined) return undefined;
  const stamp = user[STAMP];
  const sender = user[SENDER];
  if (typeof stamp !== 'string' || typeof sender !== 'string') return undefined;
  const version = parseVersion(stamp);
  return version === undefined ? undefined : { version, sender, text: stamp };
}

type Canonical = [
  format: boolean | null,
  contentType: string | null,
  responseTopic: string | null,
  correlation: string | null,
  user: UserProperty[],
];

/**
 * The canonical string of the properties that are replicated; empty for none.
 * @param isOwn whether a user property is mqttrep's own
 */
export function packProperties(
  properties: MessageProperties | undefined,
  isOwn: (name: string) => boolean = isOwnProperty,
): string {
  if (properties === undefined) return '';
  const { payloadFormatIndicator, contentType, responseTopic, correlationData } = properties;
  const user = userOf(properties.userProperties, isOwn);
  const isNone =
    user.length === 0 &&
    payloadFormatIndicator === undefined &&
    contentType === undefined &&
    responseTopic === undefined &&
    correlationData === undefined;
  if (isNone) return '';
  const canonical: Canonical = [
    payloadFormatIndicator ?? null,
    contentType ?? null,
    responseTopic ?? null,
    correlationData?.toString('base64') ?? null,
    user,
  ];
  return JSON.stringify(canonical);
}

/** The users' own, in the order of the message as far as that is known. */
function userOf(properties: UserProperties = {}, isOwn: (name: string) => boolean): Canonical[4] {
  return listUserProperties(properties).filter(([name]) => !isOwn(name));
}

/** Each value with its name, mqttrep's own among them. From the network, so that they may be no texts at all. */
export function listUserProperties(properties: UserProperties): readonly UserProperty[] {
  const ordered = properties[ORDER];
  if (ordered !== undefined) return ordered;
  const list: UserProperty[] = [];
  for (const name of Object.keys(properties)) {
    const values = properties[name];
    if (Array.isArray(values)) for (const value of values) list.push([name, value]);
    else list.push([name, values as string]);
  }
  return list;
}

/** Properties for MQTT.js: what travelled, the stamp, and the message expiry left, in seconds. */
export function unpackProperties(
  packed: string,
  stamp: Stamp,
  messageExpiryInterval: number | undefined,
): SentProperties {
  const sent = { [STAMP]: formatVersion(stamp.version), [SENDER]: stamp.sender };
  return sentProperties(packed, sent, messageExpiryInterval);
}

/** The same with other user properties of mqttrep. */
export function sentProperties(
  packed: string,
  sent: UserProperties,
  messageExpiryInterval: number | undefined,
): SentProperties {
  // Most messages carry no properties of their own; those of one shape cost MQTT.js a fraction of what others do.
  const properties: Draft<SentProperties> =
    packed === '' ? { userProperties: sent } : travelling(packed, sent);
  if (messageExpiryInterval !== undefined) properties.messageExpiryInterval = messageExpiryInterval;
  return properties;
}

/**
 * The properties of a canonical string, without a stamp, so that they can be checked.
 * @throws SyntaxError, TypeError if it is no canonical string
 */
export function travellingProperties(packed: string): MessageProperties {
  const { userProperties: _, ...others } = travelling(packed, {});
  const [, , , , user] = JSON.parse(packed) as Canonical;
  // Without a prototype, since the names come from the network and `__proto__` may be among them.
  const userProperties: UserProperties = Object.create(null);
  for (const [name, value] of user) {
    const before = userProperties[name];
    if (before === undefined) userProperties[name] = value;
    // In place: a copy for each value would cost the square of their number.
    else if (Array.isArray(before)) before.push(value);
    else userProperties[name] = [before, value];
  }
  return { ...others, userProperties };
}

function travelling(packed: string, sent: UserProperties): Draft<SentProperties> {
  const [format, contentType, responseTopic, correlation, user] = JSON.parse(packed) as Canonical;
  // The key is computed, so that `__proto__` is an ordinary name.
  const ordered = user.map(([name, value]): UserProperties => ({ [name]: value }));
  const properties: Draft<SentProperties> = {
    userProperties: ordered.length === 0 ? sent : [...ordered, sent],
  };
  if (format !== null) properties.payloadFormatIndicator = format;
  if (contentType !== null) properties.contentType = contentType;
  if (responseTopic !== null) properties.responseTopic = responseTopic;
  if (correlation !== null) properties.correlationData = Buffer.from(correlation, 'base64');
  return properties;
}

/** The end of a canonical string without user properties. */
const NO_USER_PROPERTIES = ',[]]';

/** The canonical string with its user properties sorted by name, so that their order on the wire does not matter. */
export function unorderedProperties(packed: string): string {
  if (packed.endsWith(NO_USER_PROPERTIES)) return packed;
  const canonical = JSON.parse(packed) as Canonical;
  canonical[4].sort((a, b) => compareTexts(a[0], b[0]) || compareTexts(a[1], b[1]));
  return JSON.stringify(canonical);
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };
