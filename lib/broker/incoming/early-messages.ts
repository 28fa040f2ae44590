/**
 * Messages of a persistent session, which a broker delivers before mqttrep subscribes. They wait until the marker is read,
 * which tells whether the broker kept its state. The marker arrives after them, so they must not hold up reading: messages
 * above a bound are left out. The replay shows those that are retained.
 */

import { copyOf, type ReceivedMessage } from '../lane/received-message.ts';
import type { Ingress } from './ingress.ts';
import { messageBytes } from './message-bytes.ts';
import type { Refusal } from './refusals.ts';

const MAX_MESSAGES = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

const BACKLOG: Refusal = {
  counter: 'refused_backlog',
  summary: `its session had stored more than ${MAX_MESSAGES} messages, or ${MAX_BYTES / 2 ** 20} MB`,
};

export class EarlyMessages {
  readonly #waiting: ReceivedMessage[] = [];
  readonly #ingress: Pick<Ingress, 'take' | 'refuse'>;
  #bytes = 0;

  constructor(ingress: Pick<Ingress, 'take' | 'refuse'>) {
    this.#ingress = ingress;
  }

  add(packet: ReceivedMessage): void {
    const bytes = this.#bytes + messageBytes(packet);
    if (this.#waiting.length >= MAX_MESSAGES || bytes > MAX_BYTES) {
      this.#ingress.refuse(packet, BACKLOG);
      return;
    }
    this.#bytes = bytes;
    this.#waiting.push(copyOf(packet));
  }

  /** The session has begun: passes the messages on like others. */
  release(): void {
    for (const packet of this.#waiting.splice(0)) this.#ingress.take(packet, () => undefined);
  }
}
