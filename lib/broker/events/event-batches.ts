/**
 * What one connection has received, packed for the event actor. While few batches are not durable yet, a batch leaves at the end
 * of the turn. Under load it leaves when it is full, or when the actor gives credit: so batches grow with the load.
 *
 * Messages of QoS 1 are bounded by the broker's window, since their PUBACKs are held. mosquitto 2.0 sends more than its window
 * allows when it works off a queue (measured: 4,000 of 5,000), so beyond a bound they are not read. Messages of QoS 0 beyond a
 * bound are dropped and counted.
 */

import { BatchWriter } from '../../protocol/batch.ts';
import {
  EVENT_BATCH_BYTES,
  EVENT_BATCHES_AHEAD,
  type FromEventLink,
  type Overrun,
} from '../../protocol/event-messages.ts';
import { type Incoming, writeIncoming } from '../../protocol/event-records.ts';

/** Bytes that wait here before messages of QoS 0 are dropped. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024;

/** Messages of QoS 1 that wait here before the connection reads no more. A broker has 65,535 packet ids. */
const MAX_WAITING_MESSAGES = 10_000;
/** The same for their bytes: a window of large messages. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** With this many batches at the actor, the next one waits until it is full. */
const BUSY_BATCHES = 2;

/** Topics whose dropped messages are counted apart; those of others count under the last one. */
const MAX_OVERRUN_TOPICS = 1_000;

/** Messages whose PUBACK is held, and their bytes. */
interface Held {
  messages: number;
  bytes: number;
}

export class EventBatches {
  readonly #session: number;
  readonly #post: (message: FromEventLink, transfer?: readonly ArrayBuffer[]) => void;
  readonly #writer = new BatchWriter();
  /** Full batches that wait for credit. */
  readonly #full: { readonly batch: ArrayBuffer; readonly held: Held }[] = [];
  #fullBytes = 0;
  /** Of QoS 1: in the writer, and in all that waits. */
  #written: Held = { messages: 0, bytes: 0 };
  readonly #waiting: Held = { messages: 0, bytes: 0 };
  #atActor = 0;
  /** Nothing leaves before the session has started. */
  #isOpen = false;
  #isDue = false;
  #overrun = new Map<string, number>();

  constructor(session: number, post: (message: FromEventLink, transfer?: readonly ArrayBuffer[]) => void) {
    this.#session = session;
    this.#post = post;
  }

  /** More messages of QoS 1 wait than any window allows. */
  get isBehind(): boolean {
    const { messages, bytes } = this.#waiting;
    return messages >= MAX_WAITING_MESSAGES || bytes >= MAX_WAITING_BYTES;
  }

  open(): void {
    this.#isOpen = true;
    this.#flush();
  }

  add(incoming: Incoming): void {
    if (incoming.ordinal === 0 && this.#fullBytes + this.#writer.length >= MAX_UNREAD_BYTES) {
      this.#drop(incoming);
      return;
    }
    const before = this.#writer.length;
    writeIncoming(this.#writer, incoming);
    if (incoming.ordinal > 0) {
      const bytes = this.#writer.length - before;
      this.#written.messages++;
      this.#written.bytes += bytes;
      this.#waiting.messages++;
      this.#waiting.bytes += bytes;
    }
    if (this.#writer.length >= EVENT_BATCH_BYTES) {
      this.#close();
      this.#flush();
    } else this.#flushSoon();
  }

  /** The actor has made this many batches durable. */
  credit(batches: number): void {
    this.#atActor -= batches;
    this.#flush();
  }

  /** Sends what waits, whatever the actor still has to do: the connection has ended. */
  finish(): void {
    if (!this.#isOpen) return;
    if (this.#writer.records > 0) this.#close();
    while (this.#full.length > 0) this.#send();
  }

  #drop(incoming: Incoming): void {
    const topic = incoming.kind === 'message' ? incoming.topic : '';
    const isNew = !this.#overrun.has(topic);
    const [last = topic] = isNew && this.#overrun.size >= MAX_OVERRUN_TOPICS ? this.#overrun.keys() : [];
    this.#overrun.set(last, (this.#overrun.get(last) ?? 0) + 1);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isDue || !this.#isOpen) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#isOpen) return;
    this.#tellOverrun();
    while (this.#full.length > 0 && this.#atActor < EVENT_BATCHES_AHEAD) this.#send();
    if (this.#writer.records === 0 || this.#atActor >= BUSY_BATCHES) return;
    this.#close();
    this.#send();
  }

  #close(): void {
    const batch = this.#writer.take();
    this.#full.push({ batch, held: this.#written });
    this.#written = { messages: 0, bytes: 0 };
    this.#fullBytes += batch.byteLength;
  }

  #send(): void {
    const first = this.#full.shift();
    if (first === undefined) return;
    const { batch, held } = first;
    this.#waiting.messages -= held.messages;
    this.#waiting.bytes -= held.bytes;
    this.#fullBytes -= batch.byteLength;
    this.#atActor++;
    this.#post({ kind: 'events', session: this.#session, batch }, [batch]);
  }

  #tellOverrun(): void {
    if (this.#overrun.size === 0) return;
    const dropped: Overrun[] = [...this.#overrun].map(([topic, count]) => ({ topic, count }));
    this.#overrun = new Map();
    this.#post({ kind: 'overrun', session: this.#session, dropped });
  }
}
