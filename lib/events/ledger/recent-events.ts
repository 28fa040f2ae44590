/**
 * The last messages of one broker: by these a redelivery is known, and whether a client wrote the same message before.
 *
 * A broker redelivers after a cut what we have not acknowledged, or what it does not know to be acknowledged. With the DUP
 * flag, the packet id and the content of a logged message it is that message, if packet ids have only ascended in this
 * session. Some brokers use the lowest free id again. There, an equal message with an equal id may be a new one. It counts
 * as the old one only if our PUBACK was never written, or if the message is among the last EVENT_WINDOW ones and occurs
 * once among all that are remembered.
 */

import type { BatchReader, BatchWriter } from '../../protocol/batch.ts';
import { EVENT_WINDOW } from '../../protocol/event-messages.ts';

/** Messages that are remembered. */
export const RECENT_EVENTS = 10_000;

/** Packet ids end here, and begin at 1 again. */
const MAX_PACKET_ID = 65_535;

interface Recent {
  readonly hash: number;
  /** 0 if it came with QoS 0, or if its packet id is void. */
  packetId: number;
  /** Not a message of a client. */
  readonly isEcho: boolean;
}

export class RecentEvents {
  readonly #ring: Recent[] = [];
  /** Messages since the beginning; the newest one is at `(#count - 1) % RECENT_EVENTS`. */
  #count = 0;
  /** How often clients wrote each content, of what is remembered. */
  readonly #written = new Map<number, number>();
  /** How often each content was an echo. */
  readonly #echoed = new Map<number, number>();
  /** By packet id: the number of its newest message. */
  readonly #byPacketId = new Map<number, number>();
  /** By packet id: the content of messages that were never acknowledged. */
  readonly #unacknowledged = new Map<number, number>();
  #lastPacketId = 0;
  #isAscending = true;

  /** @param dup a redelivery does not tell how the broker assigns packet ids */
  add(hash: number, packetId: number, isEcho: boolean, dup = false): void {
    const place = this.#count % RECENT_EVENTS;
    this.#forget(this.#ring[place]);
    this.#ring[place] = { hash, packetId, isEcho };
    this.#count++;
    const counts = this.#countsOf(isEcho);
    counts.set(hash, (counts.get(hash) ?? 0) + 1);
    if (packetId === 0) return;
    this.#byPacketId.set(packetId, this.#count);
    this.#unacknowledged.delete(packetId);
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
    return this.#written.has(hash) || this.#echoed.has(hash);
  }

  /** Whether a message with the DUP flag is one that was logged already. */
  isRedelivery(packetId: number, hash: number): boolean {
    if (this.#unacknowledged.get(packetId) === hash) return true;
    const number = this.#byPacketId.get(packetId);
    if (number === undefined || this.#ring[(number - 1) % RECENT_EVENTS]?.hash !== hash) return false;
    if (this.#isAscending) return true;
    return this.#count - number < EVENT_WINDOW && (this.#written.get(hash) ?? 0) <= 1;
  }

  /** Whether this is the newest message with this packet id. */
  isNewest(packetId: number, hash: number): boolean {
    const number = this.#byPacketId.get(packetId);
    return number !== undefined && this.#ring[(number - 1) % RECENT_EVENTS]?.hash === hash;
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
    for (const recent of this.#ring) recent.packetId = 0;
    this.#byPacketId.clear();
    this.#unacknowledged.clear();
    this.#lastPacketId = 0;
    this.#isAscending = true;
  }

  write(writer: BatchWriter): void {
    const remembered = Math.min(this.#count, RECENT_EVENTS);
    writer
      .u32(remembered)
      .u8(this.#isAscending ? 1 : 0)
      .u32(this.#lastPacketId);
    for (let number = this.#count - remembered; number < this.#count; number++) {
      const recent = this.#ring[number % RECENT_EVENTS];
      if (recent !== undefined)
        writer
          .f64(recent.hash)
          .u32(recent.packetId)
          .u8(recent.isEcho ? 1 : 0);
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

  #countsOf(isEcho: boolean): Map<number, number> {
    return isEcho ? this.#echoed : this.#written;
  }

  #forget(recent: Recent | undefined): void {
    if (recent === undefined) return;
    const counts = this.#countsOf(recent.isEcho);
    const left = (counts.get(recent.hash) ?? 0) - 1;
    if (left > 0) counts.set(recent.hash, left);
    else counts.delete(recent.hash);
    const oldest = this.#count - RECENT_EVENTS + 1;
    if (this.#byPacketId.get(recent.packetId) === oldest) this.#byPacketId.delete(recent.packetId);
  }
}

/** Ids of publishes in flight are skipped, so that the first id after the end need not be 1. */
function isWrap(last: number, next: number): boolean {
  return last > MAX_PACKET_ID - 2 * EVENT_WINDOW && next < 2 * EVENT_WINDOW;
}
