/**
 * The stamp of a copy, bound to the content of the message.
 *
 * Some clients copy the user properties of a message that they read to a message that they write. So a stamp has a digest
 * of the topic, the payload and the other properties; with any other content the stamp is ignored. Everybody can compute
 * this digest, so that several replicators accept the stamps of each other. A second digest is keyed with the secret of the
 * store: only a message with this digest is our own echo.
 *
 * A broker may deliver user properties in another order. So they are sorted by name before the digest is made.
 */

import { hash } from 'node:crypto';
import type { Version } from '../core/version.ts';
import { payloadDigest } from './payload-digest.ts';
import { formatVersion, type MessageProperties, readStamp, unorderedProperties } from './properties.ts';

/** The content that a stamp is bound to. */
export interface Content {
  readonly topic: string;
  readonly payload: Buffer;
  /** Canonical, see properties.ts. */
  readonly properties: string;
}

/** What the stamp of a message proves. */
export interface Provenance {
  /** Undefined if the message has no stamp, or that of another message. */
  readonly stamp: Version | undefined;
  /** This copy was sent by this replicator. */
  readonly own: boolean;
  /** The version in a stamp that claims to be ours, but has a wrong digest. */
  readonly claim: Version | undefined;
}

export const UNSTAMPED: Provenance = { stamp: undefined, own: false, claim: undefined };

/** Characters of a digest, of six bits each. */
const DIGEST_LENGTH = 11;

/** A longer payload is hashed first, which is cheaper than to make it a text. */
const LONG_PAYLOAD_BYTES = 2_048;

export class Stamps {
  /** A sender that begins so claims to be this replica. */
  readonly #claim: string;
  readonly #secret: string;

  /** @param secret the secret of the store, in base64url */
  constructor(replica: string, secret: string) {
    this.#claim = `${replica}.`;
    this.#secret = secret;
  }

  /** The value of the user property SENDER for a copy of this content that we send. */
  sender(content: Content, version: Version): string {
    const text = boundText(content, formatVersion(version));
    return `${this.#claim}${stampDigest(text)}.${stampDigest(this.#secret + text)}`;
  }

  /** @param packed the properties as a canonical string */
  read(topic: string, payload: Buffer, properties: MessageProperties, packed: string): Provenance {
    const stamp = readStamp(properties);
    if (stamp === undefined) return UNSTAMPED;
    const { version, text: versionText, sender } = stamp;
    const text = boundText({ topic, payload, properties: packed }, versionText);
    if (!sender.startsWith(this.#claim))
      return isBound(sender, text) ? { stamp: version, own: false, claim: undefined } : UNSTAMPED;
    const isOurs = sender.endsWith(`.${stampDigest(this.#secret + text)}`);
    return isOurs
      ? { stamp: version, own: true, claim: undefined }
      : { stamp: undefined, own: false, claim: version };
  }
}

/** Two different contents never have the same text: topics and versions have no U+0000, and properties escape it. */
export function boundText({ topic, payload, properties }: Content, version: string): string {
  const bound = properties === '' ? '' : unorderedProperties(properties);
  return `${topic}\0${version}\0${bound}\0${payloadText(payload)}`;
}

/** Whether the sender, `replica.digest.keyed digest`, is that of this text. */
export function isBound(sender: string, text: string): boolean {
  const at = sender.indexOf('.') + 1;
  return at > 0 && sender.startsWith(`${stampDigest(text)}.`, at);
}

function payloadText(payload: Buffer): string {
  if (payload.length > LONG_PAYLOAD_BYTES) return `#${payloadDigest(payload)}`;
  return `=${payload.toString('latin1')}`;
}

export function stampDigest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_LENGTH);
}
