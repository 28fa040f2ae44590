/**
 * Reasons to refuse a message because of its properties. They come from the network, and the parser does not check them: a
 * property that is there twice, though MQTT allows it once, arrives as an array or as NaN, and a truncated one as null or -1.
 *
 * Such a message is refused as a whole. The client library would throw when it publishes the message, or a strict broker
 * would close the connection.
 */

import { type UnwantedCharacter, unwantedCharacter } from '../core/characters.ts';
import type { Fault } from './message-faults.ts';
import {
  isOwnProperty,
  listUserProperties,
  type MessageProperties,
  travellingProperties,
  type UserProperties,
} from './properties.ts';

/** The most user properties of one message. A name may have several values, and each value counts. */
export const MAX_PROPERTIES = 1_000;

/** The most bytes of the properties of one message, as they are on the wire. */
export const MAX_PROPERTY_BYTES = 64 * 1024;

/** Properties that are too large are not parsed at all (packet-guard.ts of the broker actor). */
export const LARGE_PROPERTIES: Fault = {
  counter: 'refused_properties_too_large',
  summary: `its properties have more than ${MAX_PROPERTY_BYTES} bytes`,
};

/** MQTT has four bytes for the message expiry. */
export const MAX_EXPIRY_SECONDS = 0xffff_ffff;

/** On the wire a user property has a byte for its kind, and two lengths of two bytes. Other properties have less. */
const PROPERTY_OVERHEAD_BYTES = 5;

/** @param levels the most levels of a response topic: some brokers close the connection on more */
export function propertiesFault(
  properties: MessageProperties | undefined,
  levels = Number.POSITIVE_INFINITY,
): Fault | undefined {
  if (properties === undefined) return undefined;
  return (
    shapeFault(properties) ??
    textFault('the content type', properties.contentType) ??
    responseTopicFault(properties.responseTopic, levels) ??
    userFault(properties)
  );
}

/** What is wrong with a canonical string from the store. */
export function packedFault(packed: string): Fault | undefined {
  if (packed === '') return undefined;
  try {
    return propertiesFault(travellingProperties(packed));
  } catch {
    return malformed('they cannot be read');
  }
}

type Untrusted = Readonly<Record<keyof MessageProperties, unknown>>;

function shapeFault(properties: MessageProperties): Fault | undefined {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, messageExpiryInterval } =
    properties as Untrusted;
  if (payloadFormatIndicator !== undefined && typeof payloadFormatIndicator !== 'boolean')
    return malformed('the payload format indicator is there twice, or is not 0 or 1');
  if (contentType !== undefined && typeof contentType !== 'string')
    return malformed('the content type is there twice, or truncated');
  if (responseTopic !== undefined && typeof responseTopic !== 'string')
    return malformed('the response topic is there twice, or truncated');
  if (correlationData !== undefined && !(correlationData instanceof Uint8Array))
    return malformed('the correlation data is there twice, or truncated');
  if (messageExpiryInterval !== undefined && !isExpiry(messageExpiryInterval))
    return malformed('the message expiry is there twice, or is no number of seconds');
  return undefined;
}

function isExpiry(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_EXPIRY_SECONDS;
}

function responseTopicFault(topic: string | undefined, levels: number): Fault | undefined {
  if (topic === undefined) return undefined;
  if (topic.includes('+') || topic.includes('#'))
    return { counter: 'refused_properties_characters', summary: 'the response topic has a wildcard' };
  if (topic.length >= levels && topic.split('/').length > levels)
    return malformed(`the response topic has more than ${levels} levels`);
  return textFault('the response topic', topic);
}

/** Checks the names and values of user properties, their number, and the size of all properties. */
function userFault(properties: MessageProperties): Fault | undefined {
  const user: unknown = properties.userProperties;
  let bytes = bytesWithoutValues(properties);
  if (user === undefined) return bytes > MAX_PROPERTY_BYTES ? LARGE_PROPERTIES : undefined;
  if (typeof user !== 'object' || user === null) return malformed('the user properties cannot be read');
  let count = 0;
  for (const [name, value] of listUserProperties(user as UserProperties)) {
    if (typeof name !== 'string' || typeof value !== 'string')
      return malformed('a user property is truncated');
    const character = unwantedCharacter(name) ?? unwantedCharacter(value);
    if (character !== undefined) return unwanted('a user property', character);
    if (isOwnProperty(name)) continue;
    bytes += sizeOf(name, value);
    if (++count > MAX_PROPERTIES)
      return {
        counter: 'refused_properties_too_many',
        summary: `it has more than ${MAX_PROPERTIES} user properties`,
      };
  }
  return bytes > MAX_PROPERTY_BYTES ? LARGE_PROPERTIES : undefined;
}

/** Bytes of the properties that may be long, without user properties. */
function bytesWithoutValues({ contentType, responseTopic, correlationData }: MessageProperties): number {
  const correlation = correlationData === undefined ? 0 : correlationData.length + PROPERTY_OVERHEAD_BYTES;
  const isShort = contentType === undefined && responseTopic === undefined;
  return (isShort ? 0 : sizeOf(contentType ?? '', responseTopic ?? '')) + correlation;
}

/** Bytes on the wire of a property with these two texts. */
function sizeOf(first: string, second: string): number {
  return Buffer.byteLength(first) + Buffer.byteLength(second) + PROPERTY_OVERHEAD_BYTES;
}

function textFault(what: string, text: string | undefined): Fault | undefined {
  const character = text === undefined ? undefined : unwantedCharacter(text);
  return character === undefined ? undefined : unwanted(what, character);
}

function unwanted(what: string, character: UnwantedCharacter): Fault {
  return {
    counter: 'refused_properties_characters',
    summary: `${what} has a ${character}, and some brokers close the connection on that`,
  };
}

function malformed(summary: string): Fault {
  return { counter: 'refused_properties_malformed', summary };
}
