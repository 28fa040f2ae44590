/**
 * The event log on disk: segments of frames (lib/store/frame-log.ts), to the last of which commits are appended.
 *
 * A segment is removed when no broker needs an event of it. A new segment begins with the state so far, so that nothing but
 * events is lost with an old one.
 */

import { BatchWriter } from '../../protocol/batch.ts';
import { DISK } from '../../store/disk.ts';
import type { Files } from '../../store/files.ts';
import { FrameLog } from '../../store/frame-log.ts';
import { syncFolder } from '../../store/store-files.ts';
import type { EventRecord } from '../ledger/event-record.ts';
import { writeEventRecord } from '../ledger/event-record.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Damage, LogReader } from './log-reader.ts';
import { packPreamble, Segment } from './segment.ts';
import { setAsideFrom } from './set-aside.ts';

/** Bytes of a segment, unless the whole log may only be small. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
const MIN_SEGMENT_BYTES = 64 * 1024;

/** Bytes of one frame, about. */
const BODY_BYTES = 512 * 1024;

export interface LogPlace {
  readonly folder: string;
  readonly files?: Files;
}

export class EventLog {
  readonly #folder: string;
  readonly #files: Files;
  readonly #segmentBytes: number;
  readonly #segments: Segment[];
  readonly #writer = new BatchWriter();
  #active: FrameLog | undefined;
  /** The next commit begins a new segment. */
  #isRollDue = false;
  #nextNumber: number;
  #lastDurable: number;

  /**
   * @param bytes that the log may have; a segment is a small part of it
   * @param active undefined if the next commit begins a segment
   */
  constructor(
    { folder, files = DISK }: LogPlace,
    bytes: number,
    found: {
      readonly segments: readonly Segment[];
      readonly active: FrameLog | undefined;
      readonly nextNumber: number;
      readonly lastDurable: number;
    },
  ) {
    this.#folder = folder;
    this.#files = files;
    this.#segmentBytes = Math.max(MIN_SEGMENT_BYTES, Math.min(SEGMENT_BYTES, Math.floor(bytes / 8)));
    this.#segments = [...found.segments];
    this.#active = found.active;
    this.#nextNumber = found.nextNumber;
    this.#lastDurable = found.lastDurable;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    let bytes = 0;
    for (const { end } of this.#segments) bytes += end;
    return bytes;
  }

  /** A segment that has more is not continued. */
  get segmentBytes(): number {
    return this.#segmentBytes;
  }

  /** All segments, the oldest first; the last one is being written, unless a new one is about to begin. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** The largest sequence number that is durable. */
  get lastDurable(): number {
    return this.#lastDurable;
  }

  /** The oldest segment, unless it is the newest one too: that has the state. */
  get oldest(): Segment | undefined {
    return this.#segments.length > 1 ? this.#segments[0] : undefined;
  }

  reader(): LogReader {
    return new LogReader(this, this.#files);
  }

  /** The next commit begins a new segment: the brokers have changed. */
  roll(): void {
    this.#isRollDue = true;
  }

  /**
   * Stores the records, all or nothing. One commit at a time.
   * @param ledger the state with these records
   * @throws the error of the system; then the log is as before
   */
  async commit(records: readonly EventRecord[], ledger: Ledger): Promise<void> {
    const isNew = this.#active === undefined || this.#isRollDue || this.#isFull;
    const segment = isNew ? this.#segmentOf(ledger) : (this.#segments.at(-1) as Segment);
    // The ledger goes on while this waits for the disk, so it is packed before.
    const log = isNew ? await this.#newSegment(segment, ledger.pack()) : (this.#active as FrameLog);
    const begin = log.size;
    try {
      await this.#append(log, records, isNew ? 'whole' : 'commit');
      await log.sync();
      if (isNew) await syncFolder(this.#folder, this.#files);
    } catch (error) {
      if (isNew) await this.#discard(log);
      else log.rewind();
      throw error;
    }
    if (isNew) await this.#take(log, segment);
    this.#committed(segment, records, begin, log.size);
  }

  /** Removes the segments of which no event is needed: those up to `through`. */
  async release(through: number): Promise<void> {
    for (let oldest = this.oldest; oldest !== undefined && oldest.last <= through; oldest = this.oldest)
      await this.remove(oldest);
  }

  async remove(segment: Segment): Promise<void> {
    const index = this.#segments.indexOf(segment);
    if (index < 0) return;
    await this.#files.rm(segment.path);
    this.#segments.splice(index, 1);
  }

  /**
   * Moves what a reader found damaged out of the way. Of the segment that is being written it stays there until the next
   * one begins, which is at the next commit.
   * @returns the path of the file with the damaged bytes; undefined if they stay
   */
  async setAside({ segment, at }: Damage): Promise<string | undefined> {
    if (segment === this.#segments.at(-1) && this.#active !== undefined) {
      this.#isRollDue = true;
      return undefined;
    }
    if (!this.#segments.includes(segment) || at >= segment.end) return undefined;
    const path = await setAsideFrom(segment.path, at, this.#files);
    segment.end = at;
    if (at === 0) this.#segments.splice(this.#segments.indexOf(segment), 1);
    return path;
  }

  async close(): Promise<void> {
    await this.#active?.close();
    this.#active = undefined;
  }

  get #isFull(): boolean {
    return this.#active !== undefined && this.#active.size >= this.#segmentBytes;
  }

  async #newSegment({ path, first }: Segment, ledger: Buffer): Promise<FrameLog> {
    const previousExpiry = this.#segments.at(-1)?.expiry ?? 0;
    const log = await FrameLog.create(path, this.#files);
    try {
      const preamble = { first, previousExpiry, ledger };
      // Part of the first commit: it contains the effects of that commit, which may fail.
      await log.append('part', packPreamble(preamble));
      return log;
    } catch (error) {
      await this.#discard(log);
      throw error;
    }
  }

  #segmentOf({ names }: Ledger): Segment {
    return new Segment(this.#folder, this.#nextNumber, { first: this.#lastDurable + 1, end: 0, names });
  }

  async #take(log: FrameLog, segment: Segment): Promise<void> {
    await this.#active?.trim();
    await this.#active?.close();
    this.#active = log;
    this.#segments.push(segment);
    this.#nextNumber = segment.number + 1;
    this.#isRollDue = false;
  }

  async #discard(log: FrameLog): Promise<void> {
    await log.close();
    await this.#files.rm(log.path).catch(() => undefined);
  }

  async #append(log: FrameLog, records: readonly EventRecord[], kind: 'commit' | 'whole'): Promise<void> {
    const writer = this.#writer;
    try {
      for (const record of records) {
        if (writer.length >= BODY_BYTES) {
          await log.append('part', writer.written);
          writer.clear();
        }
        writeEventRecord(writer, record);
      }
      await log.append(kind, writer.written);
    } finally {
      writer.clear();
    }
  }

  #committed(segment: Segment, records: readonly EventRecord[], begin: number, end: number): void {
    segment.end = end;
    for (const record of records) {
      if (record.kind !== 'event') continue;
      segment.mark(record.seq, begin);
      segment.last = record.seq;
      segment.expiry = Math.max(segment.expiry, record.expiresAt);
      this.#lastDurable = record.seq;
    }
  }
}
