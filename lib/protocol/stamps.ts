/**
 * The stamp of a copy, bound to what it stands on.
 *
 * Clients copy the user properties of what they read to what they write. So a stamp has a digest of the topic, the payload
 * and the other properties: on any other message it does not fit, and counts for nothing. That digest anyone can compute,
 * so that several replicators understand each other. A second one is keyed with the secret of the store: only a message
 * that bears it is our own echo.
 *
 * The user properties go into the digests in the order of their names, whatever order a broker delivers them in.
 */

import { hash } from 'node:crypto';
import type { Version } from '../core/version.ts';
import { fromBuffer } from './bytes.ts';
import { formatVersion, type MessageProperties, readStamp, unorderedProperties } from './properties.ts';

/** What a stamp is bound to. */
export interface Content {
  readonly topic: string;
  readonly payload: Buffer;
  /** Canonical, see properties.ts. */
  readonly properties: string;
}

/** What the stamp of a message is worth. */
export interface Provenance {
  /** Undefined where the message has no stamp, or another message's. */
  readonly stamp: Version | undefined;
  /** This copy was sent by this replicator. */
  readonly own: boolean;
  /** The version that the message claims to have from us, though its digest does not fit. */
  readonly claim: Version | undefined;
}

export const UNSTAMPED: Provenance = { stamp: undefined, own: false, claim: undefined };

/** Characters of a digest, of six bits each. */
const DIGEST_LENGTH = 11;

/** A payload of more bytes goes into a digest by a digest of its own: that is cheaper than to make text of it. */
const LONG_PAYLOAD_BYTES = 2_048;

export class Stamps {
  /** With what the sender begins where it claims to be us. */
  readonly #claim: string;
  readonly #secret: string;

  /** @param secret of the store, in base64url */
  constructor(replica: string, secret: string) {
    this.#claim = `${replica}.`;
    this.#secret = secret;
  }

  /** What is to stand in the user property SENDER of a copy of this content that we send. */
  sender(content: Content, version: Version): string {
    const text = textOf(content, formatVersion(version));
    return `${this.#claim}${digest(text)}.${digest(this.#secret + text)}`;
  }

  /** @param packed the canonical string of the properties */
  read(topic: string, payload: Buffer, properties: MessageProperties, packed: string): Provenance {
    const found = readStamp(properties);
    if (found === undefined) return UNSTAMPED;
    const { version, text: written, sender } = found;
    const text = textOf({ topic, payload, properties: packed }, written);
    if (!sender.startsWith(this.#claim))
      return isBound(sender, text) ? { stamp: version, own: false, claim: undefined } : UNSTAMPED;
    const isOurs = sender.endsWith(`.${digest(this.#secret + text)}`);
    return isOurs
      ? { stamp: version, own: true, claim: undefined }
      : { stamp: undefined, own: false, claim: version };
  }
}

/** No two contents have the same text: topics and versions have no U+0000, and it is escaped in properties. */
function textOf({ topic, payload, properties }: Content, version: string): string {
  const bound = properties === '' ? '' : unorderedProperties(properties);
  return `${topic}\0${version}\0${bound}\0${payloadText(payload)}`;
}

/** The sender is `replica.digest.keyed digest`. */
function isBound(sender: string, text: string): boolean {
  const at = sender.indexOf('.') + 1;
  return at > 0 && sender.startsWith(`${digest(text)}.`, at);
}

function payloadText(payload: Buffer): string {
  if (payload.length > LONG_PAYLOAD_BYTES) return `#${hash('sha256', payload, 'base64url')}`;
  return `=${fromBuffer(payload)}`;
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_LENGTH);
}
