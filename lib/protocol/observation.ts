/** A message that a broker delivered, as its worker sends it to the reconciler. */

import type { Payload } from '../core/payload.ts';
import type { Version } from '../core/version.ts';
import type { BatchReader, BatchWriter } from './batch.ts';
import { readVersion, writeVersion } from './packed-version.ts';
import { readPayload } from './payload.ts';

export interface Observation {
  readonly topic: string;
  readonly payload: Payload;
  /** Canonical, see properties.ts; undefined over MQTT 3.1.1. */
  readonly properties: string | undefined;
  /** Undefined if the protocol hides it. */
  readonly retained: boolean | undefined;
  readonly replay: boolean;
  readonly stamp: Version | undefined;
  readonly own: boolean;
  /** The version in a stamp that claims to be ours, but does not belong to this message. */
  readonly claim?: Version | undefined;
  /** Message expiry in milliseconds; Infinity for none. */
  readonly expiry: number;
  /**
   * Digests of older retained messages that this one replaces before they were sent, the oldest first; left out if there
   * are none. They are needed because the broker may roll back to one of them. There are only a few.
   */
  readonly conflated?: readonly string[];
}

/** Before it is packed: the payload as it came from the socket. */
export type RawObservation = Omit<Observation, 'payload'> & { readonly payload: Uint8Array };

const RETAINED_KNOWN = 1;
const RETAINED = 2;
const REPLAY = 4;
const OWN = 8;
const STAMPED = 16;
const PROPERTIES = 32;
const EXPIRY = 64;
/** The version that follows is that of `claim`. */
const CLAIMED = 128;

/** What of an observation is not in the packet of the message itself. */
export type Findings = Omit<Observation, 'topic' | 'payload' | 'conflated'>;

/** Where topic and payload lie, as they came from the socket. */
export interface MessageBytes {
  readonly bytes: Buffer;
  readonly topicAt: number;
  readonly topicEnd: number;
  readonly payloadAt: number;
  readonly end: number;
}

export function writeObservation(writer: BatchWriter, o: RawObservation): void {
  const { conflated = [] } = o;
  writer.record().u8(flagsOf(o)).u8(conflated.length).text(o.topic).bytes(o.payload);
  for (const digest of conflated) writer.byteString(digest);
  writeFindings(writer, o);
}

/** The same for a message that is packed from its bytes, and replaces no others yet. */
export function writeObservationOf(writer: BatchWriter, message: MessageBytes, findings: Findings): void {
  const { bytes, topicAt, topicEnd, payloadAt, end } = message;
  writer.record().u8(flagsOf(findings)).u8(0);
  writer.bytesOf(bytes, topicAt, topicEnd).bytesOf(bytes, payloadAt, end);
  writeFindings(writer, findings);
}

/** Where the number of conflated messages stands in an observation. Their digests follow the payload. */
export const CONFLATED_COUNT_AT = 1;

function flagsOf(o: Findings): number {
  return (
    (o.retained === undefined ? 0 : RETAINED_KNOWN) |
    (o.retained === true ? RETAINED : 0) |
    (o.replay ? REPLAY : 0) |
    (o.own ? OWN : 0) |
    (o.stamp === undefined ? 0 : STAMPED) |
    (o.claim === undefined ? 0 : CLAIMED) |
    (o.properties === undefined ? 0 : PROPERTIES) |
    (o.expiry === Number.POSITIVE_INFINITY ? 0 : EXPIRY)
  );
}

function writeFindings(writer: BatchWriter, o: Findings): void {
  const version = o.stamp ?? o.claim;
  if (version !== undefined) writeVersion(writer, version);
  if (o.properties !== undefined) writer.text(o.properties);
  if (o.expiry !== Number.POSITIVE_INFINITY) writer.f64(o.expiry);
}

export function readObservation(reader: BatchReader): Observation {
  const flags = reader.u8();
  const conflatedCount = reader.u8();
  const topic = reader.text();
  const payload = readPayload(reader);
  const conflated =
    conflatedCount === 0 ? undefined : Array.from({ length: conflatedCount }, () => reader.byteString());
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
  return conflated === undefined ? observation : { ...observation, conflated };
}
