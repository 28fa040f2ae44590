/** The way to the worker of one destination: packs events, and keeps the present session. */

import type { QoS } from '../core/policy.ts';
import { BatchWriter } from '../protocol/batch.ts';
import { EVENT_BATCH_BYTES, type ToEventLink } from '../protocol/event-messages.ts';
import { writeDelivery } from '../protocol/event-records.ts';
import type { LoggedEvent } from './ledger/event-record.ts';

export class Deliveries {
  readonly #writer = new BatchWriter();
  readonly #post: (message: ToEventLink, transfer?: readonly ArrayBuffer[]) => void;
  #session = 0;

  constructor(post: (message: ToEventLink, transfer?: readonly ArrayBuffer[]) => void) {
    this.#post = post;
  }

  /** The number of the session that is expected or present. */
  get session(): number {
    return this.#session;
  }

  /**
   * Lets the worker connect, as the next session.
   * @param brokerId of the last session; empty if there is none
   */
  connect(brokerId: string): void {
    this.#session++;
    this.#post({ kind: 'connect', session: this.#session, brokerId: brokerId === '' ? undefined : brokerId });
  }

  add(event: LoggedEvent, { retain, qos }: { readonly retain: boolean; readonly qos: QoS }): void {
    const { seq, topic, payload, properties, path } = event;
    const origin = path.at(-1) ?? '';
    const isRetained = retain || event.retain;
    writeDelivery(this.#writer, {
      seq,
      topic,
      payload,
      properties,
      retain: isRetained,
      qos,
      // A message without an expiry must not get one: the broker would delete it if it is retained.
      expiresAt: event.hasMessageExpiry ? event.expiresAt : Number.POSITIVE_INFINITY,
      origin,
      path,
    });
    if (this.#writer.length >= EVENT_BATCH_BYTES) this.flush();
  }

  flush(): void {
    if (this.#writer.records === 0) return;
    const batch = this.#writer.take();
    this.#post({ kind: 'deliver', session: this.#session, batch }, [batch]);
  }

  /** The connection has ended with what was not flushed. */
  discard(): void {
    if (this.#writer.records > 0) this.#writer.take();
  }

  fence(nonce: number): void {
    this.flush();
    this.#post({ kind: 'fence', session: this.#session, nonce });
  }

  readonly disconnect = (reason: string): void => {
    this.#post({ kind: 'disconnect', session: this.#session, reason });
  };
}
