/**
 * Reads the durable events in their order, for a broker that is behind: about 256 KiB at a time.
 *
 * A damaged place ends its segment for this reader: what follows there is lost, and reading goes on in the next segment.
 */

import type { Files } from '../../store/files.ts';
import { FIRST_FRAME, FrameLog } from '../../store/frame-log.ts';
import { DamagedStoreError } from '../../store/store-errors.ts';
import { eventBytes, type LoggedEvent, recordsIn } from '../ledger/event-record.ts';
import type { EventLog } from './event-log.ts';
import { inIndexesOf } from './renumbered.ts';
import type { Segment } from './segment.ts';

const READ_BYTES = 256 * 1024;

export interface ReadEvents {
  readonly events: readonly LoggedEvent[];
  /** There is no other event up to this one. */
  readonly through: number;
  /** The rest of this segment cannot be read. */
  readonly damage?: Damage;
}

export interface Damage {
  readonly segment: Segment;
  readonly at: number;
  readonly reason: string;
}

/** A segment that is being read. */
interface Place {
  readonly segment: Segment;
  readonly file: FrameLog;
  at: number;
}

export class LogReader {
  readonly #log: EventLog;
  readonly #files: Files;
  /** The next event is this one or a later one. */
  #seq = 0;
  #place: Place | undefined;

  constructor(log: EventLog, files: Files) {
    this.#log = log;
    this.#files = files;
  }

  /**
   * The next events from this sequence number on, at least one unless there is none. One call at a time.
   * @param names of the brokers, by the indexes that the caller uses
   * @throws the error of the system
   */
  async next(from: number, names: readonly string[]): Promise<ReadEvents> {
    if (from !== this.#seq || !this.#isThere) await this.close();
    this.#seq = from;
    const events: LoggedEvent[] = [];
    const durable = this.#log.lastDurable;
    if (from > durable) return { events, through: this.#passed(durable) };
    let bytes = 0;
    let segment: Segment | undefined = this.#place?.segment ?? this.#segmentOf(from);
    while (segment !== undefined && bytes < READ_BYTES) {
      const current: Segment = segment;
      try {
        const body = await this.#frame(current, from);
        if (body === undefined) {
          segment = this.#after(current);
          if (segment !== undefined) await this.close();
          continue;
        }
        for (const record of recordsIn(body)) {
          if (record.kind !== 'event' || record.seq < from) continue;
          events.push(inIndexesOf(names, current.names, record));
          bytes += eventBytes(record);
        }
      } catch (error) {
        if (!(error instanceof DamagedStoreError || error instanceof RangeError)) throw error;
        const damage = { segment: current, at: this.#place?.at ?? 0, reason: error.message };
        await this.close();
        return { events, through: this.#passed(Math.max(current.last, from - 1)), damage };
      }
      const last = events.at(-1);
      if (last !== undefined && this.#place !== undefined) current.mark(last.seq + 1, this.#place.at);
    }
    const last = events.at(-1)?.seq ?? 0;
    return { events, through: this.#passed(segment === undefined ? Math.max(durable, last) : last) };
  }

  async close(): Promise<void> {
    const file = this.#place?.file;
    this.#place = undefined;
    await file?.close();
  }

  /** Whether the segment that is being read was not removed. */
  get #isThere(): boolean {
    return this.#place !== undefined && this.#log.segments.includes(this.#place.segment);
  }

  #passed(through: number): number {
    const passed = Math.max(through, this.#seq - 1);
    this.#seq = passed + 1;
    return passed;
  }

  /** The body of the next frame; undefined at the end of the segment. */
  async #frame(segment: Segment, from: number): Promise<Buffer | undefined> {
    const place = this.#place ?? (await this.#enter(segment, from));
    // The first frame is no list of records.
    if (place.at === FIRST_FRAME)
      place.at = (await place.file.frame(FIRST_FRAME, segment.end))?.next ?? segment.end;
    const frame = await place.file.frame(place.at, segment.end);
    if (frame !== undefined) place.at = frame.next;
    return frame?.body;
  }

  async #enter(segment: Segment, from: number): Promise<Place> {
    const file = await FrameLog.open(segment.path, this.#files);
    this.#place = { segment, file, at: segment.placeOf(from) };
    return this.#place;
  }

  #segmentOf(seq: number): Segment | undefined {
    const { segments } = this.#log;
    return segments.find(({ last }) => last >= seq) ?? segments.at(-1);
  }

  #after(segment: Segment): Segment | undefined {
    return this.#log.segments.find(({ number }) => number > segment.number);
  }
}
