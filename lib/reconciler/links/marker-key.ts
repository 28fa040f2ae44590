/**
 * The marker's payload: its number, and a digest of number and topic that is keyed by the secret of the store. A marker decides what
 * is deleted everywhere, and other accounts may have the right to write it. So a marker with another digest does not count.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

/** Characters of base64url in a digest: 128 bits. */
const DIGEST_LENGTH = 22;

const MARKER = /^(\d{1,15})\.([\w-]{22})$/;

export class MarkerKey {
  readonly #secret: string;
  readonly #topic: string;

  /** @param topic of the marker, which names the replica and the broker */
  constructor(secret: string, topic: string) {
    this.#secret = secret;
    this.#topic = topic;
  }

  payloadOf(commit: number): string {
    return `${commit}.${this.#digest(String(commit))}`;
  }

  /** The number; undefined if we did not write the marker. */
  commitOf(payload: string): number | undefined {
    const [, commit, digest] = MARKER.exec(payload) ?? [];
    if (commit === undefined || digest === undefined) return undefined;
    return timingSafeEqual(Buffer.from(digest), Buffer.from(this.#digest(commit)))
      ? Number(commit)
      : undefined;
  }

  #digest(commit: string): string {
    const digest = createHmac('sha256', this.#secret).update(`marker ${this.#topic} ${commit}`);
    return digest.digest('base64url').slice(0, DIGEST_LENGTH);
  }
}
