/**
 * The stamp of an event over MQTT 5: user properties that name the replicator that sent this copy, the event, and the brokers
 * that the event has passed.
 *
 * Some clients copy the user properties of a request to their response. So `mqttrep-from` has a checksum of the event's
 * name, the topic and the payload. A message with a copied stamp does not fit its checksum, and counts as a client's message.
 */

import { crc32 } from 'node:zlib';
import { type Delivery, type EventId, NO_PATH } from './event-records.ts';
import {
  isOwnProperty,
  type MessageProperties,
  packProperties,
  SENDER,
  type SentProperties,
  sentProperties,
  type UserProperties,
} from './properties.ts';

/** The user property that names the event: `{log}.{id of the origin broker}.{sequence number}`. */
export const EVENT = 'mqttrep-event';
/** The user property with the ids of the brokers that the event has passed, separated by commas. */
export const PATH = 'mqttrep-path';

/** Ids of a path that are read: MQTTREP_EVENT_HOPS is smaller. */
const MAX_PATH = 17;

const ID = /^[\w-]{1,64}$/;
const SEQUENCE_NUMBER = /^[0-9a-z]{1,11}$/;

export interface EventStamp {
  /** The replica that sent this copy. */
  readonly from: string;
  readonly id: EventId;
  readonly path: readonly string[];
}

export function isEventProperty(name: string): boolean {
  return isOwnProperty(name) || name === EVENT || name === PATH;
}

/** As `packProperties`, without what belongs to the stamp of an event. */
export function packEventProperties(properties: MessageProperties | undefined): string {
  return packProperties(properties, isEventProperty);
}

/**
 * The properties of a copy that is sent.
 * @param from the replica that sends it
 * @param node names the log that holds the event
 * @param expiry seconds that are left; undefined for ever
 */
export function stampedProperties(
  { seq, topic, payload, properties, origin, path }: Delivery,
  { from, node }: { readonly from: string; readonly node: string },
  expiry: number | undefined,
): SentProperties {
  const event = `${node}.${origin}.${seq.toString(36)}`;
  const stamp: UserProperties = {
    [SENDER]: `${from}.${checksum(event, topic, payload)}`,
    [EVENT]: event,
  };
  if (path.length > 0) stamp[PATH] = path.join(',');
  return sentProperties(properties, stamp, expiry);
}

/** Undefined if the message has no stamp of its own. */
export function readEventStamp(
  topic: string,
  payload: Buffer,
  properties: MessageProperties | undefined,
): EventStamp | undefined {
  const user = properties?.userProperties;
  if (user === undefined) return undefined;
  const { [SENDER]: sender, [EVENT]: event, [PATH]: path = '' } = user;
  if (typeof sender !== 'string' || typeof event !== 'string' || typeof path !== 'string') return undefined;
  const at = sender.lastIndexOf('.');
  if (at < 1 || sender.slice(at + 1) !== checksum(event, topic, payload)) return undefined;
  const [node = '', , seq = '', ...rest] = event.split('.');
  if (!ID.test(node) || !SEQUENCE_NUMBER.test(seq) || rest.length > 0) return undefined;
  return {
    from: sender.slice(0, at),
    id: { node, seq: Number.parseInt(seq, 36) },
    path: path === '' ? NO_PATH : path.split(',', MAX_PATH).filter(id => ID.test(id)),
  };
}

function checksum(event: string, topic: string, payload: Buffer): string {
  return crc32(payload, crc32(`${event}\0${topic}\0`)).toString(36);
}
