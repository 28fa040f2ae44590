/**
 * Messages that wait to be packed into a batch. A newer message may take the place of an older one of its topic, if nothing is
 * lost by that.
 */

import { STAMP } from '../../protocol/properties.ts';
import { copyOf, type ReceivedMessage } from '../lane/received-message.ts';
import { ConflatedMessages } from './conflated-messages.ts';
import { messageBytes } from './message-bytes.ts';

export class MessageBuffer {
  /** In the order of sending: by topic where a newer message may take the place of an older one. */
  readonly #messages = new Map<string | number, ReceivedMessage>();
  readonly #conflated = new ConflatedMessages();
  #bytes = 0;
  /** Messages since the last batch, with those that newer ones replaced. */
  #count = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0;
  }

  /** Returns whether the message took the place of an older one. */
  add(packet: ReceivedMessage, conflates: boolean): boolean {
    this.#count++;
    const key = conflates && !isStamped(packet) ? keyOf(packet) : this.#count;
    const older = this.#messages.get(key);
    if (older !== undefined) {
      // The newer message goes to the end: it may also come after an echo that waits.
      this.#messages.delete(key);
      this.#bytes -= messageBytes(older);
      if (packet.retain) this.#conflated.add(older);
    }
    this.#messages.set(key, copyOf(packet));
    this.#bytes += messageBytes(packet);
    return older !== undefined;
  }

  /** Hands out all messages, each with the digests of those whose place it took, and clears the buffer. */
  drain(take: (packet: ReceivedMessage, replaced: readonly string[] | undefined) => void): void {
    for (const packet of this.#messages.values()) {
      take(packet, packet.retain ? this.#conflated.of(packet) : undefined);
    }
    this.#messages.clear();
    this.#conflated.clear();
    this.#bytes = 0;
    this.#count = 0;
  }
}

/** A broker keeps a retained message and transient ones apart. */
function keyOf({ topic, retain }: ReceivedMessage): string {
  return retain ? topic : `\0${topic}`;
}

/** A replicator wrote the message: it is an echo, or a version that must not be replaced by an older one after it. */
function isStamped({ properties }: ReceivedMessage): boolean {
  return properties?.userProperties?.[STAMP] !== undefined;
}
