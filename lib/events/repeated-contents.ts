/**
 * Bounds what a cut can double where no stamp proves an echo (MQTT 3.1.1).
 *
 * If a message with this content was delivered before, the echo of a publish counts only once the publish is acknowledged.
 * After a cut it cannot be told from a message of a client, so it is taken for an event, and the publish is repeated: one message
 * becomes two at the broker, and returns to the others. So few such publishes are in flight, and others are not held up.
 */

import { Fifo } from '../core/fifo.ts';
import type { BrokerLedger } from './ledger/broker-ledger.ts';
import type { EchoEntry } from './ledger/echo-entries.ts';

/** The most publishes of repeated contents that are not durably done. */
export const REPEATED_WINDOW = 10;

export class RepeatedContents {
  /** Publishes of this connection, ascending. */
  readonly #inFlight = new Fifo<number>();
  /** The next commit makes it durable that events up to here are done. */
  #committing = 0;

  /** A connection begins. */
  started(): void {
    this.#inFlight.clear();
    this.#committing = 0;
  }

  /** Whether the event must wait for earlier ones to be done. */
  holds(seq: number, ledger: BrokerLedger): boolean {
    return this.#inFlight.length >= REPEATED_WINDOW && isRepeated(seq, ledger);
  }

  published(seq: number, ledger: BrokerLedger): void {
    if (isRepeated(seq, ledger)) this.#inFlight.push(seq);
  }

  commitBegan(done: number): void {
    this.#committing = done;
  }

  committed(): void {
    while ((this.#inFlight.first ?? Number.POSITIVE_INFINITY) <= this.#committing) this.#inFlight.shift();
  }
}

/** Whether its echo is expected, and could be another message. */
function isRepeated(seq: number, { entries, recent }: BrokerLedger): boolean {
  const entry: EchoEntry | undefined = entries.get(seq);
  return entry !== undefined && (recent.wasDelivered(entry.hash) || entries.hasOlder(entry));
}
