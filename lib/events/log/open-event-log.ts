/**
 * Opens the event log in a folder: finds its state at the end of the newest segment.
 *
 * A crash can leave an incomplete commit at the end, or a newest segment without its first frame: nothing in these was
 * durable, and both are dropped. All else that cannot be read is damage. Its bytes are copied to a file beside the log, the
 * log continues behind them, and no sequence number that they may contain is given again.
 */

import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { Log } from '../../protocol/messages.ts';
import { DISK } from '../../store/disk.ts';
import type { Files } from '../../store/files.ts';
import { FRAME_HEADER_BYTES } from '../../store/frame.ts';
import { FIRST_FRAME, FrameLog, type PlacedBody } from '../../store/frame-log.ts';
import { DamagedStoreError } from '../../store/store-errors.ts';
import { recordsIn } from '../ledger/event-record.ts';
import { Ledger } from '../ledger/ledger.ts';
import { EventLog, type LogPlace } from './event-log.ts';
import { readPreamble, Segment, segmentNumbers, segmentPath } from './segment.ts';
import { setAsideFrom } from './set-aside.ts';

/** No event takes fewer bytes. */
const MIN_EVENT_BYTES = 32;

/** Names a log in the stamps of its events. */
const NODE_BYTES = 6;

export interface OpenedEventLog {
  readonly log: EventLog;
  readonly ledger: Ledger;
  /** Segments of which a part was damaged. */
  readonly damaged: number;
}

/**
 * @param names of the brokers, by index
 * @param bytes that the log may have
 * @throws UnknownStoreError, or the error of the system
 */
export async function openEventLog(
  place: LogPlace,
  names: readonly string[],
  bytes: number,
  log: Log,
): Promise<OpenedEventLog> {
  const opening = new Opening(place, log);
  return opening.open(names, bytes);
}

/** A segment as far as it could be read. */
interface Found {
  readonly segment: Segment;
  readonly frames: FrameLog;
  readonly ledger: Ledger;
  readonly previousExpiry: number;
  readonly error: DamagedStoreError | undefined;
}

class Opening {
  readonly #folder: string;
  readonly #files: Files;
  readonly #log: Log;
  #damaged = 0;
  /** Sequence numbers that damaged bytes may contain. */
  #gap = 0;

  constructor({ folder, files = DISK }: LogPlace, log: Log) {
    this.#folder = folder;
    this.#files = files;
    this.#log = log;
  }

  async open(names: readonly string[], bytes: number): Promise<OpenedEventLog> {
    const numbers = segmentNumbers(await this.#files.readdir(this.#folder));
    const nextNumber = (numbers.at(-1) ?? 0) + 1;
    const newest = await this.#newest(numbers);
    const place = { folder: this.#folder, files: this.#files };
    if (newest === undefined) {
      const ledger = new Ledger(
        randomBytes(NODE_BYTES).toString('base64url'),
        names,
        undefined,
        this.#gap + 1,
      );
      const found = { segments: [], active: undefined, nextNumber, lastDurable: ledger.nextSeq - 1 };
      return { log: new EventLog(place, bytes, found), ledger, damaged: this.#damaged };
    }
    const older = await this.#older(numbers, newest);
    const isSame = sameNames(names, newest.ledger.names);
    const ledger = isSame ? newest.ledger : newest.ledger.forBrokers(names);
    if (this.#gap > 0) ledger.skip(this.#gap);
    // Records of other brokers, or behind damage, need a segment of their own.
    const isContinued = isSame && this.#gap === 0;
    if (!isContinued) await newest.frames.close();
    const found = {
      segments: [...older, newest.segment],
      active: isContinued ? newest.frames : undefined,
      nextNumber,
      lastDurable: ledger.nextSeq - 1,
    };
    return { log: new EventLog(place, bytes, found), ledger, damaged: this.#damaged };
  }

  /** The newest segment that can be read, at least its beginning. Removes `numbers` that are of no use. */
  async #newest(numbers: number[]): Promise<Found | undefined> {
    for (let number = numbers.at(-1); number !== undefined; number = numbers.at(-1)) {
      const found = await this.#read(number);
      if (found === 'empty') {
        await this.#files.rm(segmentPath(this.#folder, number));
      } else if (found instanceof DamagedStoreError) {
        await this.#setAside(segmentPath(this.#folder, number), 0, found.message);
      } else {
        if (found.error !== undefined) await this.#cut(found);
        return found;
      }
      numbers.pop();
    }
    return undefined;
  }

  async #read(number: number): Promise<Found | DamagedStoreError | 'empty'> {
    const path = segmentPath(this.#folder, number);
    const frames = await FrameLog.open(path, this.#files).catch((error: Error) => {
      if (error instanceof DamagedStoreError) return error;
      throw error;
    });
    if (frames instanceof DamagedStoreError) return (await this.#isShort(path)) ? 'empty' : frames;
    let begun: Omit<Found, 'error'> | undefined;
    try {
      for await (const bodies of frames.commits()) {
        if (begun === undefined) begun = beginning(this.#folder, number, frames, bodies);
        else for (const { body, at } of bodies) replay(begun, body, at);
        begun.segment.end = endOf(bodies);
      }
      if (begun !== undefined) return { ...begun, error: undefined };
      throw new DamagedStoreError(path, 'it has no beginning');
    } catch (error) {
      const damage = damageOf(path, error);
      if (begun !== undefined) return { ...begun, error: damage };
      // If nothing follows the first commit, a crash came before it was complete.
      const isEmpty = !(await frames.hasSecondCommit());
      await frames.close();
      return isEmpty ? 'empty' : damage;
    }
  }

  async #isShort(path: string): Promise<boolean> {
    return (await sizeOf(path, this.#files)) < FIRST_FRAME;
  }

  async #cut({ segment, error }: Found): Promise<void> {
    await this.#setAside(segment.path, segment.end, error?.message ?? '');
  }

  async #setAside(path: string, from: number, reason: string): Promise<void> {
    const size = await sizeOf(path, this.#files);
    const aside = await setAsideFrom(path, from, this.#files);
    this.#damaged++;
    this.#gap += Math.ceil((size - from) / MIN_EVENT_BYTES);
    this.#log(
      'error',
      `${reason}; its bytes from ${from} on are now in ${basename(aside)}, delivery goes on behind them`,
    );
  }

  /** The segments before the newest one, of which only the first frames are read now. */
  async #older(numbers: readonly number[], newest: Found): Promise<Segment[]> {
    const segments: Segment[] = [];
    let { previousExpiry } = newest;
    let next = newest.segment.first;
    for (const number of numbers.slice(0, -1).reverse()) {
      const path = segmentPath(this.#folder, number);
      try {
        const frames = await FrameLog.open(path, this.#files);
        const size = await sizeOf(path, this.#files);
        const frame = await frames.frame(FIRST_FRAME, size).finally(() => frames.close());
        const preamble = readPreamble(frame?.body ?? Buffer.alloc(0));
        const { names } = Ledger.unpack(preamble.ledger);
        const segment = new Segment(this.#folder, number, { first: preamble.first, end: size, names });
        segment.last = next - 1;
        segment.expiry = previousExpiry;
        segments.unshift(segment);
        next = preamble.first;
        previousExpiry = preamble.previousExpiry;
      } catch (error) {
        await this.#setAside(path, 0, damageOf(path, error).message);
      }
    }
    return segments;
  }
}

function beginning(
  folder: string,
  number: number,
  frames: FrameLog,
  bodies: readonly PlacedBody[],
): Omit<Found, 'error'> {
  const [preamble, ...rest] = bodies;
  const { first, previousExpiry, ledger: packed } = readPreamble(preamble?.body ?? Buffer.alloc(0));
  const ledger = Ledger.unpack(packed);
  const segment = new Segment(folder, number, { first, end: 0, names: ledger.names });
  const begun = { segment, frames, ledger, previousExpiry };
  for (const { body, at } of rest) replay(begun, body, at);
  return begun;
}

function replay({ segment, ledger }: Omit<Found, 'error'>, body: Buffer, at: number): void {
  for (const record of recordsIn(body)) {
    ledger.apply(record);
    if (record.kind !== 'event') continue;
    segment.last = Math.max(segment.last, record.seq);
    segment.expiry = Math.max(segment.expiry, record.expiresAt);
    segment.mark(record.seq, at - FRAME_HEADER_BYTES);
  }
}

function endOf(bodies: readonly PlacedBody[]): number {
  const last = bodies.at(-1);
  return last === undefined ? 0 : last.at + last.body.length;
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

async function sizeOf(path: string, files: Files): Promise<number> {
  const file = await files.open(path, 'r');
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** @throws the error, if it does not say that the bytes are wrong */
function damageOf(path: string, error: unknown): DamagedStoreError {
  if (error instanceof DamagedStoreError) return error;
  if (error instanceof RangeError)
    return new DamagedStoreError(path, `a record cannot be decoded: ${error.message}`);
  throw error;
}
