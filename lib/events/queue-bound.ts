/**
 * The bound of the event log on disk.
 *
 * A segment that no broker needs is removed. If the log is full nevertheless, its oldest segment is dropped (`oldest`), or no
 * event is taken in until there is room (`hold`). A segment whose events have all expired is dropped in any case.
 */

import type { EventQueueSettings } from '../protocol/event-settings.ts';
import type { Files } from '../store/files.ts';
import type { Destination } from './destination.ts';
import type { EventClock } from './event-clock.ts';
import type { EventCounters } from './event-counters.ts';
import type { EventPolicies } from './event-policies.ts';
import type { EventRecord, LoggedEvent } from './ledger/event-record.ts';
import type { EventLog } from './log/event-log.ts';
import { LogReader } from './log/log-reader.ts';
import type { Segment } from './log/segment.ts';

export interface QueueBoundParts {
  readonly log: EventLog;
  readonly files: Files;
  readonly clock: EventClock;
  readonly names: () => readonly string[];
  readonly policies: () => EventPolicies;
  /** Those that are configured, with their indexes. */
  readonly destinations: () => readonly (readonly [broker: number, Destination, EventCounters])[];
  readonly append: (record: EventRecord) => void;
}

export class QueueBound {
  readonly #parts: QueueBoundParts;
  settings: EventQueueSettings;
  /** Dropped with the commit in progress: then their files are removed. */
  #dropped: Segment[] = [];
  /** By broker: up to where the last commit holds that it is done. */
  #durableDone = 0;
  #committing = 0;

  constructor(parts: QueueBoundParts, settings: EventQueueSettings) {
    this.#parts = parts;
    this.settings = settings;
  }

  get isOver(): boolean {
    return this.#parts.log.bytes >= this.settings.bytes;
  }

  /** Whether events must wait. */
  get isFull(): boolean {
    return this.settings.full === 'hold' && this.isOver;
  }

  /** Before a commit: drops what there is no room for. */
  async makeRoom(): Promise<void> {
    const { log, clock } = this.#parts;
    const segments = log.segments.slice(0, -1).filter(segment => !this.#dropped.includes(segment));
    let excess = log.bytes - this.settings.bytes;
    for (const segment of this.#dropped) excess -= segment.end;
    for (const segment of segments) {
      const isExpired = segment.expiry <= clock.now();
      const isForced = excess >= 0 && this.settings.full === 'oldest';
      if (!isExpired && !isForced) return;
      await this.#drop(segment, isExpired ? 'expired' : 'full');
      excess -= segment.end;
    }
  }

  /** A commit begins. */
  began(): void {
    const { log, destinations } = this.#parts;
    const all = destinations();
    const oldest = log.oldest;
    if (oldest !== undefined) {
      const last = log.segments.at(-1)?.first ?? 0;
      for (const [, destination] of all) {
        if (destination.ledger.done >= oldest.last) continue;
        destination.passIdle(last - 1);
        destination.recordDone();
      }
    }
    this.#committing = all.reduce(
      (least, [, { ledger }]) => Math.min(least, ledger.done),
      Number.POSITIVE_INFINITY,
    );
  }

  ended(): void {
    this.#durableDone = this.#committing;
  }

  /** After a commit: removes what nobody needs. */
  async tidy(): Promise<void> {
    const { log } = this.#parts;
    for (const segment of this.#dropped.splice(0)) await log.remove(segment);
    await log.release(this.#durableDone);
  }

  async #drop(segment: Segment, reason: 'full' | 'expired'): Promise<void> {
    const reader = new LogReader(this.#parts.log, this.#parts.files);
    const destinations = this.#parts.destinations();
    const counts = destinations.map(() => 0);
    try {
      for (let from = segment.first; from <= segment.last; ) {
        const { events, through } = await reader.next(from, this.#parts.names());
        const inside = events.filter(({ seq }) => seq <= segment.last);
        for (const [index, [, destination, counters]] of destinations.entries()) {
          const dropped = destination.drop(inside, Math.min(through, segment.last));
          counts[index] = (counts[index] ?? 0) + dropped.length;
          this.#count(counters, dropped, reason);
        }
        from = Math.max(through, from) + 1;
      }
    } finally {
      await reader.close();
    }
    for (const [index, [broker, destination]] of destinations.entries()) {
      const messages = counts[index] ?? 0;
      if (messages > 0) this.#parts.append({ kind: 'drop', broker, through: segment.last, reason, messages });
      destination.recordDone();
    }
    this.#dropped.push(segment);
  }

  #count(counters: EventCounters, dropped: readonly LoggedEvent[], reason: 'full' | 'expired'): void {
    const byFilter = new Map<string, { count: number; example: string }>();
    for (const { topic } of dropped) {
      const { filter } = this.#parts.policies().of(topic);
      const { count } = byFilter.get(filter) ?? { count: 0 };
      byFilter.set(filter, { count: count + 1, example: topic });
    }
    for (const [filter, { count, example }] of byFilter) counters.drop(filter, reason, count, example);
  }
}
