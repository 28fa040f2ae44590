/** One message that a broker delivered, on its way from the broker's worker to the reconciler. */

import type { Version } from '../core/version.ts';
import type { BatchReader, BatchWriter } from './batch.ts';
import { readVersion, writeVersion } from './packed-version.ts';

export interface Observation {
  readonly topic: string;
  /** One character a byte. */
  readonly payload: string;
  /** Canonical, see properties.ts; undefined over MQTT 3.1.1. */
  readonly properties: string | undefined;
  /** Undefined where the protocol hides it. */
  readonly retained: boolean | undefined;
  readonly replay: boolean;
  readonly stamp: Version | undefined;
  readonly own: boolean;
  /** The version that the message claims to have from us, though its stamp does not fit it. */
  readonly claim?: Version | undefined;
  /** Milliseconds; Infinity for none. */
  readonly expiry: number;
  /**
   * Imprints of the retained messages in whose place this one is sent, the oldest first; left out where there are none. No
   * more than a few: the broker may come back with one of them.
   */
  readonly conflated?: readonly string[];
}

/** As it is packed: the payload still as the bytes that came from the socket. */
export type RawObservation = Omit<Observation, 'payload'> & { readonly payload: Uint8Array };

const NONE: readonly string[] = [];

const RETAINED_KNOWN = 1;
const RETAINED = 2;
const REPLAY = 4;
const OWN = 8;
const STAMPED = 16;
const PROPERTIES = 32;
const EXPIRY = 64;
/** The version that follows is a claim. */
const CLAIMED = 128;

export function writeObservation(writer: BatchWriter, o: RawObservation): void {
  const flags =
    (o.retained === undefined ? 0 : RETAINED_KNOWN) |
    (o.retained === true ? RETAINED : 0) |
    (o.replay ? REPLAY : 0) |
    (o.own ? OWN : 0) |
    (o.stamp === undefined ? 0 : STAMPED) |
    (o.claim === undefined ? 0 : CLAIMED) |
    (o.properties === undefined ? 0 : PROPERTIES) |
    (o.expiry === Number.POSITIVE_INFINITY ? 0 : EXPIRY);
  const passedOver = o.conflated ?? NONE;
  writer.record().u8(flags).u8(passedOver.length).text(o.topic).bytes(o.payload);
  for (const imprint of passedOver) writer.byteString(imprint);
  const version = o.stamp ?? o.claim;
  if (version !== undefined) writeVersion(writer, version);
  if (o.properties !== undefined) writer.text(o.properties);
  if (flags & EXPIRY) writer.f64(o.expiry);
}

export function readObservation(reader: BatchReader): Observation {
  const flags = reader.u8();
  const passedOver = reader.u8();
  const topic = reader.text();
  const payload = reader.byteString();
  const imprints =
    passedOver === 0 ? undefined : Array.from({ length: passedOver }, () => reader.byteString());
  const observation = {
    topic,
    payload,
    stamp: flags & STAMPED ? readVersion(reader) : undefined,
    claim: flags & CLAIMED ? readVersion(reader) : undefined,
    properties: flags & PROPERTIES ? reader.text() : undefined,
    expiry: flags & EXPIRY ? reader.f64() : Number.POSITIVE_INFINITY,
    retained: flags & RETAINED_KNOWN ? (flags & RETAINED) !== 0 : undefined,
    replay: (flags & REPLAY) !== 0,
    own: (flags & OWN) !== 0,
  };
  return imprints === undefined ? observation : { ...observation, conflated: imprints };
}
