/**
 * Retained messages that are not sent to the reconciler, since a newer message of their topic takes their place. The broker
 * held each of them for a moment, and may come back with one after a power loss. So the reconciler is told of the last few.
 */

import { messageDigestOfBytes } from '../../protocol/message-digest.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';

/** Most messages of one topic: the reconciler remembers no more. */
const MAX_MESSAGES_OF_TOPIC = 8;

export class ConflatedMessages {
  readonly #topics = new Map<string, Buffer[]>();

  add({ topic, payload }: ReceivedMessage): void {
    const payloads = this.#topics.get(topic);
    if (payloads === undefined) this.#topics.set(topic, [payload]);
    else if (payloads.push(payload) > MAX_MESSAGES_OF_TOPIC) payloads.shift();
  }

  /** Digests of the messages whose place this one takes, the oldest first; undefined for none. */
  of({ topic }: ReceivedMessage): readonly string[] | undefined {
    if (this.#topics.size === 0) return undefined;
    return this.#topics.get(topic)?.map(messageDigestOfBytes);
  }

  clear(): void {
    if (this.#topics.size > 0) this.#topics.clear();
  }
}
