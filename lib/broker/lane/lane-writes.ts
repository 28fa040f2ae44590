/** What a lane writes: the packets of the lane and those of MQTT.js, gathered into one write for each turn of the event loop. */

import type { EncodedPublish } from './encoded-publish.ts';
import { PacketWriter } from './packet-writer.ts';
import type { Properties } from './property-bytes.ts';
import type { Transport } from './transport.ts';

/** Above this many unwritten bytes nothing is read: a broker that does not read must not make acknowledgements grow. */
const MAX_UNWRITTEN_BYTES = 32 * 1024 * 1024;

/** Gathered bytes above which they leave before the turn is over. */
const MAX_GATHERED_BYTES = 256 * 1024;

/** The reason code of the PUBACK, 0 if a message of QoS 0 is written, or that the connection has ended. */
export type PublishAnswer = number | 'ended';

export class LaneWrites {
  readonly #transport: Pick<Transport, 'unwritten' | 'write'>;
  readonly #changed: () => void;
  readonly #writer = new PacketWriter();
  /** Publishes of QoS 0 since the last flush. */
  #unflushed: ((answer: PublishAnswer) => void)[] = [];
  /** Those that the network has not taken yet. */
  readonly #unwritten = new Set<(answer: PublishAnswer) => void>();
  #isFlushDue = false;

  /** @param changed called when `isFull` may have changed */
  constructor(transport: Pick<Transport, 'unwritten' | 'write'>, changed: () => void) {
    this.#transport = transport;
    this.#changed = changed;
  }

  /** The network takes no more for now. */
  get isFull(): boolean {
    return this.#transport.unwritten >= MAX_UNWRITTEN_BYTES;
  }

  /** Some bytes wait for the network. Those that are gathered in this turn do not count: a single ping is among them. */
  get isWriting(): boolean {
    return this.#transport.unwritten > 0;
  }

  /** See `PacketWriter.publish`. */
  publish(
    topic: string,
    payload: Buffer,
    qos: 0 | 1,
    retain: boolean,
    id: number,
    properties: Properties | undefined,
  ): void {
    this.#writer.publish(topic, payload, qos, retain, id, properties);
    this.#flushSoon();
  }

  /** The last publish has QoS 0: calls `answered` when the network has taken it. */
  whenWritten(answered: (answer: PublishAnswer) => void): void {
    this.#unflushed.push(answered);
  }

  encoded(packet: EncodedPublish, id: number): void {
    this.#writer.encoded(packet, id);
    this.#flushSoon();
  }

  puback(id: number): void {
    this.#writer.puback(id);
    this.#flushSoon();
  }

  /** What MQTT.js writes. Returns whether it may write more at once. */
  raw(chunk: Uint8Array | string): boolean {
    this.#writer.raw(chunk);
    this.#flushSoon();
    return !this.isFull;
  }

  flush(): void {
    if (this.#writer.length === 0) return;
    const unflushed = this.#unflushed;
    if (unflushed.length > 0) this.#unflushed = [];
    for (const answered of unflushed) this.#unwritten.add(answered);
    const wasFull = this.isFull;
    this.#transport.write(this.#writer.take(), () => this.#written(unflushed));
    if (wasFull !== this.isFull) this.#changed();
  }

  /** The connection has ended. Returns what is called for the publishes of QoS 0 that were not written. */
  takeUnwritten(): readonly ((answer: PublishAnswer) => void)[] {
    const all = [...this.#unwritten, ...this.#unflushed.splice(0)];
    this.#unwritten.clear();
    return all;
  }

  #written(publishes: readonly ((answer: PublishAnswer) => void)[]): void {
    for (const answered of publishes) if (this.#unwritten.delete(answered)) answered(0);
    this.#changed();
  }

  #flushSoon(): void {
    if (this.#writer.length >= MAX_GATHERED_BYTES) {
      // The caller may still have to say what is called when its publish is written.
      queueMicrotask(() => this.flush());
      return;
    }
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.flush();
    });
  }
}
