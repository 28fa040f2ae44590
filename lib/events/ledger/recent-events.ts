/**
 * The last messages of one broker: by these a redelivery is known, and whether a client wrote the same message before.
 *
 * A broker redelivers after a cut what we have not acknowledged, or what it does not know to be acknowledged. With the DUP
 * flag, the packet id and the content of a logged message it is that message, if packet ids have only ascended in this
 * session. Some brokers use the lowest free id again. There, an equal message with an equal id may be a new one. It counts
 * as the old one only if our PUBACK was never written, or if the message is among the last EVENT_WINDOW ones and occurs
 * once among all that are remembered.
 *
 * They are kept in typed arrays: as objects, which all live long enough to be copied by the collector, they took a sixth of the
 * event thread (measured). How often a content occurs is counted when it is asked for, which is after a cut.
 */

import type { BatchReader, BatchWriter } from '../../protocol/batch.ts';
import { EVENT_WINDOW } from '../../protocol/event-messages.ts';

/** Messages that are remembered. */
export const RECENT_EVENTS = 10_000;

/** Classes of contents: a content whose class is empty was not delivered. So most need no search. */
const CLASSES = 65_536;

/** Packet ids end here, and begin at 1 again. */
const MAX_PACKET_ID = 65_535;

export class RecentEvents {
  /** Rings, with a place for each message; empty before the first one. */
  #hashes = new Float64Array(0);
  /** 0 if it came with QoS 0, or if its packet id is void. */
  #packetIds = new Uint16Array(0);
  /** 1 for an echo, 0 for a message of a client. */
  #echoes = new Uint8Array(0);
  /** By class: how many of the messages are in it. */
  #classes = new Uint16Array(0);
  /** Messages since the beginning; the newest one is at `(#count - 1) % RECENT_EVENTS`. */
  #count = 0;
  /** By packet id: the number of its newest message; 0 for none. */
  #byPacketId = new Float64Array(0);
  /** By packet id: the content of messages that were never acknowledged. */
  readonly #unacknowledged = new Map<number, number>();
  #lastPacketId = 0;
  #isAscending = true;

  /** @param dup a redelivery does not tell how the broker assigns packet ids */
  add(hash: number, packetId: number, isEcho: boolean, dup = false): void {
    if (this.#hashes.length === 0) this.#allocate();
    const place = this.#count % RECENT_EVENTS;
    if (this.#count >= RECENT_EVENTS) this.#forget(place);
    this.#hashes[place] = hash;
    this.#countInClass(hash, 1);
    this.#packetIds[place] = packetId;
    this.#echoes[place] = isEcho ? 1 : 0;
    this.#count++;
    if (packetId === 0) return;
    this.#byPacketId[packetId] = this.#count;
    if (this.#unacknowledged.size > 0) this.#unacknowledged.delete(packetId);
    // An echo is recorded when our publish is acknowledged, and by then later messages may have come.
    if (!dup && !isEcho) this.assigned(packetId);
  }

  /** The broker gave this packet id to a message that it delivered for the first time. */
  assigned(packetId: number): void {
    if (packetId <= this.#lastPacketId && !isWrap(this.#lastPacketId, packetId)) this.#isAscending = false;
    this.#lastPacketId = packetId;
  }

  /**
   * Whether a message with this content was delivered before: a client wrote it, or it was taken for an echo of ours. Of two equal
   * messages, one of a client and one of ours, the first one to come is taken for the echo.
   */
  wasDelivered(hash: number): boolean {
    if (!this.#classes[hash % CLASSES]) return false;
    return this.#hashes.subarray(0, this.#remembered).includes(hash);
  }

  /** Whether a message with the DUP flag is one that was logged already. */
  isRedelivery(packetId: number, hash: number): boolean {
    if (this.#unacknowledged.get(packetId) === hash) return true;
    if (!this.isNewest(packetId, hash)) return false;
    if (this.#isAscending) return true;
    const number = this.#byPacketId[packetId] ?? 0;
    return this.#count - number < EVENT_WINDOW && !this.#wasRepeated(hash);
  }

  /** Whether this is the newest message with this packet id. */
  isNewest(packetId: number, hash: number): boolean {
    const number = this.#byPacketId[packetId] ?? 0;
    return number > 0 && this.#hashes[(number - 1) % RECENT_EVENTS] === hash;
  }

  /** The connection ended before our PUBACK of this message was written. */
  neverAcknowledged(packetId: number, hash: number): void {
    this.#unacknowledged.set(packetId, hash);
  }

  /** A connection begins: what was never acknowledged before it comes again at once. */
  get hasUnacknowledged(): boolean {
    return this.#unacknowledged.size > 0;
  }

  /** The broker began a new session: packet ids are void. */
  voidPacketIds(): void {
    this.#packetIds.fill(0);
    this.#byPacketId.fill(0);
    this.#unacknowledged.clear();
    this.#lastPacketId = 0;
    this.#isAscending = true;
  }

  write(writer: BatchWriter): void {
    const remembered = this.#remembered;
    writer
      .u32(remembered)
      .u8(this.#isAscending ? 1 : 0)
      .u32(this.#lastPacketId);
    for (let number = this.#count - remembered; number < this.#count; number++) {
      const place = number % RECENT_EVENTS;
      writer.f64(this.#hashes[place] ?? 0).u32(this.#packetIds[place] ?? 0);
      writer.u8(this.#echoes[place] ?? 0);
    }
  }

  static read(reader: BatchReader): RecentEvents {
    const recents = new RecentEvents();
    const remembered = reader.u32();
    const isAscending = reader.u8() === 1;
    const lastPacketId = reader.u32();
    for (let index = 0; index < remembered; index++)
      recents.add(reader.f64(), reader.u32(), reader.u8() === 1, true);
    recents.#isAscending = isAscending;
    recents.#lastPacketId = lastPacketId;
    return recents;
  }

  get #remembered(): number {
    return Math.min(this.#count, RECENT_EVENTS);
  }

  #allocate(): void {
    this.#hashes = new Float64Array(RECENT_EVENTS);
    this.#packetIds = new Uint16Array(RECENT_EVENTS);
    this.#echoes = new Uint8Array(RECENT_EVENTS);
    this.#classes = new Uint16Array(CLASSES);
    this.#byPacketId = new Float64Array(MAX_PACKET_ID + 1);
  }

  #countInClass(hash: number, change: 1 | -1): void {
    const index = hash % CLASSES;
    this.#classes[index] = (this.#classes[index] ?? 0) + change;
  }

  /** Whether clients wrote this content more than once. */
  #wasRepeated(hash: number): boolean {
    let written = 0;
    const remembered = this.#remembered;
    for (let place = 0; place < remembered && written < 2; place++)
      if (this.#hashes[place] === hash && this.#echoes[place] === 0) written++;
    return written > 1;
  }

  /** The oldest message gives its place to a new one. */
  #forget(place: number): void {
    this.#countInClass(this.#hashes[place] ?? 0, -1);
    const packetId = this.#packetIds[place] ?? 0;
    const oldest = this.#count - RECENT_EVENTS + 1;
    if (oldest > 0 && this.#byPacketId[packetId] === oldest) this.#byPacketId[packetId] = 0;
  }
}

/** Ids of publishes in flight are skipped, so that the first id after the end need not be 1. */
function isWrap(last: number, next: number): boolean {
  return last > MAX_PACKET_ID - 2 * EVENT_WINDOW && next < 2 * EVENT_WINDOW;
}
