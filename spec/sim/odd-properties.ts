/** Unusual and malformed MQTT 5 properties, named by what is odd about them. */

import { generate } from 'mqtt-packet';
import { packetSize } from '../../lib/broker/connection/packet-size.ts';
import {
  type MessageProperties,
  travellingProperties,
  type UserProperties,
} from '../../lib/protocol/properties.ts';

/** Properties of another shape than their type: the parser returns an array for what a client sent twice. */
function malformed(properties: Readonly<Record<string, unknown>>): MessageProperties {
  return properties as MessageProperties;
}

export const ODD_PROPERTIES = {
  'an empty name': { userProperties: { '': 'value' } },
  'an empty value': { userProperties: { name: '' } },
  'a name of the prototype': { userProperties: JSON.parse('{"__proto__":"value"}') as UserProperties },
  'a name many times': { userProperties: { name: Array.from({ length: 50 }, (_, index) => String(index)) } },
  'two content types': malformed({ contentType: ['text/plain', 'text/html'] }),
  'two response topics': malformed({ responseTopic: ['a', 'b'] }),
  'two correlation data': malformed({ correlationData: [Buffer.from('a'), Buffer.from('b')] }),
  'a control character': { contentType: 'text\u0001' },
  'a response topic with a wildcard': { responseTopic: 'a/#' },
} as const satisfies Readonly<Record<string, MessageProperties>>;

export type OddProperties = keyof typeof ODD_PROPERTIES;

export const ODD_PROPERTY_NAMES = Object.keys(ODD_PROPERTIES) as OddProperties[];

/** The properties that the standard allows, and that are replicated unchanged. */
export const UNUSUAL_PROPERTIES = [
  'an empty name',
  'an empty value',
  'a name of the prototype',
  'a name many times',
] as const satisfies readonly OddProperties[];

/**
 * The properties that a worker sends for those of a publication.
 * @throws Error if no client can send them: they would crash the worker
 */
export function sentProperties(topic: string, packed: string | undefined): MessageProperties | undefined {
  if (packed === undefined || packed === '') return undefined;
  const sent = travellingProperties(packed);
  packetSize({ topic, payload: Buffer.alloc(0), qos: 0, properties: sent });
  generate(
    { cmd: 'publish', topic, payload: '', qos: 0, dup: false, retain: false, properties: sent },
    { protocolVersion: 5 },
  );
  return sent;
}
