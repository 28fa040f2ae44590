/**
 * A publication with the properties that MQTT.js sends, or why it is not sent. No malformed publication leaves, though the
 * store of an earlier version may have one. MQTT.js would throw, or end the connection; a strict broker would hang up.
 */

import { unwantedCharacter } from '../../core/characters.ts';
import { type SentProperties, unpackProperties } from '../../protocol/properties.ts';
import { MAX_EXPIRY_SECONDS, packedFault } from '../../protocol/property-faults.ts';
import type { RawPublication } from '../../protocol/publication.ts';
import type { Stamps } from '../../protocol/stamps.ts';

export interface Prepared {
  /** Undefined over MQTT 3.1.1. */
  readonly properties: SentProperties | undefined;
  /** Why it is not sent; undefined if it is in order. */
  readonly fault: string | undefined;
}

/** @param stamps stamps the message; undefined over MQTT 3.1.1, which has no properties */
export function prepared(publication: RawPublication, stamps: Pick<Stamps, 'sender'> | undefined): Prepared {
  const character = unwantedCharacter(publication.topic);
  if (character !== undefined) return { properties: undefined, fault: `its topic has a ${character}` };
  if (stamps === undefined) return { properties: undefined, fault: undefined };
  const fault = packedFault(publication.properties ?? '');
  if (fault !== undefined) return { properties: undefined, fault: fault.summary };
  const { version, expiresAt } = publication;
  if (Number.isNaN(expiresAt)) return { properties: undefined, fault: 'its message expiry is not a time' };
  const unwanted = unwantedCharacter(version.replica);
  if (unwanted !== undefined) return { properties: undefined, fault: `its version has a ${unwanted}` };
  return { properties: stamped(publication, stamps), fault: undefined };
}

function stamped(publication: RawPublication, stamps: Pick<Stamps, 'sender'>): SentProperties {
  const { topic, payload, version, properties = '', expiresAt } = publication;
  const sender = stamps.sender({ topic, payload, properties }, version);
  return unpackProperties(properties, { version, sender }, secondsLeft(expiresAt));
}

/** A message expiry of MQTT 5 is in whole seconds, at least 1. The clock may have been set back. */
function secondsLeft(expiresAt: number): number | undefined {
  if (expiresAt === Number.POSITIVE_INFINITY) return undefined;
  return Math.min(MAX_EXPIRY_SECONDS, Math.max(1, Math.ceil((expiresAt - Date.now()) / 1000)));
}
