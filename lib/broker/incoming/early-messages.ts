/**
 * Messages of a persistent session, which a broker delivers before we have subscribed. They wait until the marker is
 * read, which tells what they are worth. It comes behind them, so they must not hold up reading: those beyond a bound
 * are left out. What is retained of these the replay shows.
 */

import type { IPublishPacket } from 'mqtt';
import type { Ingress } from './ingress.ts';
import { messageBytes } from './message-bytes.ts';
import type { Refusal } from './refusals.ts';

const MOST = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;

const BACKLOG: Refusal = {
  counter: 'refused_backlog',
  summary: `its session had more than ${MOST} messages, or ${MOST_BYTES / 2 ** 20} MB, in store`,
};

export class EarlyMessages {
  readonly #kept: IPublishPacket[] = [];
  readonly #intake: Pick<Ingress, 'take' | 'refuse'>;
  #bytes = 0;

  constructor(intake: Pick<Ingress, 'take' | 'refuse'>) {
    this.#intake = intake;
  }

  add(packet: IPublishPacket): void {
    const bytes = this.#bytes + messageBytes(packet);
    if (this.#kept.length >= MOST || bytes > MOST_BYTES) {
      this.#intake.refuse(packet, BACKLOG);
      return;
    }
    this.#bytes = bytes;
    this.#kept.push(packet);
  }

  /** The session has begun: they are taken in like others. */
  release(): void {
    for (const packet of this.#kept.splice(0)) this.#intake.take(packet, () => undefined);
  }
}
