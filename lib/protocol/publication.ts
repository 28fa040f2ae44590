/** A message to be published, as the reconciler sends it to a broker's worker. */

import type { Payload } from '../core/payload.ts';
import type { QoS } from '../core/policy.ts';
import type { Version } from '../core/version.ts';
import type { BatchReader, BatchWriter } from './batch.ts';
import { largePayloadDigest } from './message-digest.ts';
import { readVersion, writeVersion } from './packed-version.ts';
import { writePayload } from './payload.ts';
import { rememberDigest } from './payload-digest.ts';

export interface Publication {
  readonly topic: string;
  readonly payload: Payload;
  readonly properties: string | undefined;
  readonly version: Version;
  /** Milliseconds since 1970; Infinity for never. */
  readonly expiresAt: number;
  readonly retain: boolean;
  readonly qos: QoS;
  /** It will have no echo, so the reconciler has to be told when the broker has acknowledged it. */
  readonly hasNoEcho: boolean;
}

/** Unpacked: the payload as it goes to the socket. */
export type RawPublication = Omit<Publication, 'payload'> & { readonly payload: Buffer };

/** The size of a publication, as both ends count it against the credit. */
export function publicationBytes({
  topic,
  payload,
  properties,
}: Pick<Publication, 'topic' | 'properties'> & { readonly payload: { readonly length: number } }): number {
  return Buffer.byteLength(topic) + payload.length + (properties?.length ?? 0);
}

const QOS = 3;
const RETAIN = 4;
const HAS_NO_ECHO = 8;
const PROPERTIES = 16;
const EXPIRES = 32;
/** The digest of a large payload follows it. */
const DIGEST = 64;

export function writePublication(writer: BatchWriter, p: Publication): void {
  const flags =
    p.qos |
    (p.retain ? RETAIN : 0) |
    (p.hasNoEcho ? HAS_NO_ECHO : 0) |
    (p.properties === undefined ? 0 : PROPERTIES) |
    (p.expiresAt === Number.POSITIVE_INFINITY ? 0 : EXPIRES) |
    (typeof p.payload === 'string' ? 0 : DIGEST);
  writePayload(writer.record().u8(flags).text(p.topic), p.payload);
  if (typeof p.payload === 'object') writer.text(largePayloadDigest(p.payload));
  writeVersion(writer, p.version);
  if (p.properties !== undefined) writer.text(p.properties);
  if (flags & EXPIRES) writer.f64(p.expiresAt);
}

export function readPublication(reader: BatchReader): RawPublication {
  const flags = reader.u8();
  const topic = reader.text();
  const payload = reader.bytes();
  if (flags & DIGEST) rememberDigest(payload, reader.text());
  return {
    topic,
    payload,
    version: readVersion(reader),
    properties: flags & PROPERTIES ? reader.text() : undefined,
    expiresAt: flags & EXPIRES ? reader.f64() : Number.POSITIVE_INFINITY,
    qos: (flags & QOS) as QoS,
    retain: (flags & RETAIN) !== 0,
    hasNoEcho: (flags & HAS_NO_ECHO) !== 0,
  };
}
