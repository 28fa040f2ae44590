/**
 * One file of the event log, `events-{number}.log`. It begins with the state before it, so that older segments are needed
 * only for the events in them.
 */

import { join } from 'node:path';
import { BatchReader, BatchWriter } from '../../protocol/batch.ts';
import { FIRST_FRAME } from '../../store/frame-log.ts';

const FILE = /^events-(\d+)\.log$/;

export function segmentPath(folder: string, number: number): string {
  return join(folder, `events-${number}.log`);
}

/** The numbers of the segments among these files, ascending. */
export function segmentNumbers(files: readonly string[]): number[] {
  return files
    .flatMap(name => FILE.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The first frame of a segment. */
export interface Preamble {
  /** No event in the segment has a smaller sequence number. */
  readonly first: number;
  /** When the last event of the segment before it expires, in milliseconds since 1970. */
  readonly previousExpiry: number;
  /** The state, as `Ledger.pack` wrote it. It may contain the first commit of the segment. */
  readonly ledger: Buffer;
}

export function packPreamble({ first, previousExpiry, ledger }: Preamble): Buffer {
  return Buffer.from(new BatchWriter().f64(first).f64(previousExpiry).bytes(ledger).take());
}

/** @throws RangeError if `packPreamble` did not write it */
export function readPreamble(body: Buffer): Preamble {
  const reader = new BatchReader(body);
  return { first: reader.f64(), previousExpiry: reader.f64(), ledger: reader.bytes() };
}

/** Bytes between two marks. */
const MARK_BYTES = 1024 * 1024;

/** What is known of a segment in memory. */
export class Segment {
  readonly number: number;
  readonly path: string;
  readonly first: number;
  /** Names of the brokers, by the indexes that its records use. */
  readonly names: readonly string[];
  /** Durable bytes. */
  end: number;
  /** The largest sequence number in it; `first - 1` if it has no event. */
  last: number;
  /** When its last event expires. */
  expiry = 0;
  /** Where some events begin, for a reader that does not begin at the first one. */
  readonly #marks: { readonly seq: number; readonly at: number }[] = [];

  constructor(
    folder: string,
    number: number,
    { first, end, names }: Pick<Segment, 'first' | 'end' | 'names'>,
  ) {
    this.number = number;
    this.path = segmentPath(folder, number);
    this.first = first;
    this.last = first - 1;
    this.end = end;
    this.names = names;
  }

  /** A frame at this position has no event before this one. */
  mark(seq: number, at: number): void {
    if (at - (this.#marks.at(-1)?.at ?? 0) >= MARK_BYTES) this.#marks.push({ seq, at });
  }

  /** A frame from which a reader finds the event. */
  placeOf(seq: number): number {
    return this.#marks.findLast(mark => mark.seq <= seq)?.at ?? FIRST_FRAME;
  }
}
