/** How many bytes properties may take in a packet: a bound that costs less than the exact number. */

import type { MessageProperties, SentProperties, UserProperties } from '../../protocol/properties.ts';

export type Properties = MessageProperties | SentProperties;

/** Most bytes of UTF-8 for one code unit of a string. */
export const MAX_UTF8_BYTES = 3;

/** Of the properties that have no text: their length, the payload format, the message expiry, and the lengths of three texts. */
const FIXED_BYTES = 5 + 2 + 5 + 3 * 3;

export function mostPropertyBytes(properties: Properties): number {
  const { contentType = '', responseTopic = '', correlationData } = properties;
  let most = FIXED_BYTES;
  most += (contentType.length + responseTopic.length) * MAX_UTF8_BYTES + (correlationData?.length ?? 0);
  const { userProperties } = properties;
  if (userProperties === undefined) return most;
  if (!Array.isArray(userProperties)) return most + mostUserBytes(userProperties as UserProperties);
  for (const some of userProperties as UserProperties[]) most += mostUserBytes(some);
  return most;
}

function mostUserBytes(some: UserProperties): number {
  let most = 0;
  for (const name of Object.keys(some)) {
    const values = some[name];
    if (typeof values === 'string') most += 5 + (name.length + values.length) * MAX_UTF8_BYTES;
    else for (const value of values ?? []) most += 5 + (name.length + value.length) * MAX_UTF8_BYTES;
  }
  return most;
}
