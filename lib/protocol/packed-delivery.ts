/**
 * The events of one batch of deliveries, one after the other, as `writeDelivery` packed them. What is not asked for stays bytes:
 * most events are copied from the batch into a packet without becoming objects.
 */

import type { QoS } from '../core/policy.ts';
import { type Delivery, EXPIRES, HAS_PROPERTIES, NO_PATH, QOS, RETAINED } from './event-records.ts';

export class PackedDelivery implements Delivery {
  /** Topic and payload lie in these bytes. */
  readonly bytes: Buffer;
  seq = 0;
  expiresAt = Number.POSITIVE_INFINITY;
  topicAt = 0;
  topicEnd = 0;
  payloadAt = 0;
  payloadEnd = 0;
  readonly #view: DataView;
  #flags = 0;
  #propertiesAt = 0;
  #end = 0;
  /** Where the way of the event stands, and where that stands which was read last. */
  readonly #way = { at: 0, end: 0 };
  readonly #read = { at: 0, end: 0 };
  #origin = '';
  #path: readonly string[] = NO_PATH;

  constructor(batch: ArrayBuffer) {
    this.bytes = Buffer.from(batch);
    this.#view = new DataView(batch);
  }

  /** Goes on to the next event. Returns false if there is none. */
  next(): boolean {
    let at = this.#end;
    if (at >= this.bytes.length) return false;
    this.seq = this.#view.getFloat64(at, true);
    this.#flags = this.bytes[at + 8] as number;
    this.topicAt = at + 13;
    this.topicEnd = this.#endOf(at + 9);
    this.payloadAt = this.topicEnd + 4;
    this.payloadEnd = this.#endOf(this.topicEnd);
    this.#way.at = this.payloadEnd;
    at = this.#endOf(this.payloadEnd);
    for (let ids = this.bytes[at++] as number; ids > 0; ids--) at = this.#endOf(at);
    this.#way.end = at;
    this.#propertiesAt = at;
    if (this.hasProperties) at = this.#endOf(at);
    this.expiresAt = Number.POSITIVE_INFINITY;
    if (this.#flags & EXPIRES) {
      this.expiresAt = this.#view.getFloat64(at, true);
      at += 8;
    }
    this.#end = at;
    return true;
  }

  get hasProperties(): boolean {
    return (this.#flags & HAS_PROPERTIES) !== 0;
  }

  get retain(): boolean {
    return (this.#flags & RETAINED) !== 0;
  }

  get qos(): QoS {
    return (this.#flags & QOS) as QoS;
  }

  get topic(): string {
    return this.bytes.toString('utf8', this.topicAt, this.topicEnd);
  }

  get payload(): Buffer {
    return this.bytes.subarray(this.payloadAt, this.payloadEnd);
  }

  get properties(): string {
    return this.hasProperties ? this.#textAt(this.#propertiesAt) : '';
  }

  get origin(): string {
    this.#readWay();
    return this.#origin;
  }

  get path(): readonly string[] {
    this.#readWay();
    return this.#path;
  }

  /** Most events come the same way as the one before. */
  #readWay(): void {
    const [way, read] = [this.#way, this.#read];
    if (way.at === read.at) return;
    const isSame = this.bytes.compare(this.bytes, read.at, read.end, way.at, way.end) === 0;
    read.at = way.at;
    read.end = way.end;
    if (isSame) return;
    this.#origin = this.#textAt(way.at);
    const path: string[] = [];
    for (let at = this.#endOf(way.at) + 1; at < way.end; at = this.#endOf(at)) path.push(this.#textAt(at));
    this.#path = path;
  }

  #textAt(at: number): string {
    return this.bytes.toString('utf8', at + 4, this.#endOf(at));
  }

  /** The end of a text or of bytes, whose length stands here. */
  #endOf(at: number): number {
    return at + 4 + this.#view.getUint32(at, true);
  }
}
