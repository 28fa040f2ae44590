/** An event log in a folder, real or in memory, that specs fill, close and open again. */

import type { EventRecord, LoggedEvent } from '../../../lib/events/ledger/event-record.ts';
import type { Ledger } from '../../../lib/events/ledger/ledger.ts';
import type { EventLog } from '../../../lib/events/log/event-log.ts';
import type { ReadEvents } from '../../../lib/events/log/log-reader.ts';
import { openEventLog } from '../../../lib/events/log/open-event-log.ts';
import type { Files } from '../../../lib/store/files.ts';

export const NAMES = ['A', 'B', 'C'];

/** An event of A for all others. */
export function event(seq: number, fields: Partial<LoggedEvent> = {}): LoggedEvent {
  return {
    kind: 'event',
    seq,
    origin: 0,
    packetId: (seq % 65_535) + 1,
    retain: false,
    received: 1_000,
    expiresAt: Number.POSITIVE_INFINITY,
    recipients: 0b110,
    path: [],
    topic: `t/${seq % 7}`,
    properties: '',
    payload: Buffer.from(`payload ${seq}`),
    ...fields,
  };
}

export class LogFixture {
  readonly lines: string[] = [];
  readonly #folder: string;
  readonly #files: Files | undefined;
  readonly #bytes: number;
  log!: EventLog;
  ledger!: Ledger;

  constructor(folder: string, { files, bytes = 1024 ** 3 }: { files?: Files; bytes?: number } = {}) {
    this.#folder = folder;
    this.#files = files;
    this.#bytes = bytes;
  }

  async open(names: readonly string[] = NAMES): Promise<{ readonly damaged: number }> {
    const place =
      this.#files === undefined ? { folder: this.#folder } : { folder: this.#folder, files: this.#files };
    const opened = await openEventLog(place, names, this.#bytes, (_level, line) => this.lines.push(line));
    this.log = opened.log;
    this.ledger = opened.ledger;
    return opened;
  }

  async commit(...records: readonly EventRecord[]): Promise<void> {
    for (const record of records) this.ledger.apply(record);
    await this.log.commit(records, this.ledger);
  }

  /** Commits this many events, each in a commit of its own. */
  async fill(count: number, fields: Partial<LoggedEvent> = {}): Promise<void> {
    for (let left = count; left > 0; left--) await this.commit(event(this.ledger.nextSeq, fields));
  }

  /** The first events from this one on. */
  async next(from: number, names: readonly string[] = NAMES): Promise<ReadEvents> {
    const reader = this.log.reader();
    const read = await reader.next(from, names);
    await reader.close();
    return read;
  }

  /** The sequence numbers of all events from one on, and what was damaged on the way. */
  async read(from = 1, names: readonly string[] = NAMES): Promise<{ seqs: number[]; damages: string[] }> {
    const reader = this.log.reader();
    const seqs: number[] = [];
    const damages: string[] = [];
    for (let next = from; ; ) {
      const { events, through, damage } = await reader.next(next, names);
      seqs.push(...events.map(({ seq }) => seq));
      if (damage !== undefined) {
        damages.push(damage.reason);
        await this.log.setAside(damage);
      }
      if (through < next) break;
      next = through + 1;
    }
    await reader.close();
    return { seqs, damages };
  }

  async reopen(names: readonly string[] = NAMES): Promise<{ readonly damaged: number }> {
    await this.log.close();
    return this.open(names);
  }
}

export function range(from: number, through: number): number[] {
  return Array.from({ length: through - from + 1 }, (_, index) => from + index);
}
