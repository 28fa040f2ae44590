/** What happened to the events of one broker, by count; and the log lines about events that were dropped. */

import type { DropReason, EventLinkMeasures } from '../protocol/event-messages.ts';
import type { Log } from '../protocol/messages.ts';

/** Milliseconds in which one line is logged for each reason. */
const LINE_INTERVAL_MS = 60_000;

/** Filters with counters of their own; there are no more filters than that. */
type Dropped = Map<string, Map<DropReason, number>>;

export class EventCounters {
  received = 0;
  delivered = 0;
  resent = 0;
  redeliveredDropped = 0;
  echoMissing = 0;
  unresolved = 0;
  sessionsLost = 0;
  ignored = 0;
  readonly #name: string;
  readonly #log: Log;
  readonly #uptime: () => number;
  readonly #dropped: Dropped = new Map();
  readonly #unlogged = new Map<DropReason, { count: number; loggedAt: number }>();

  constructor(name: string, log: Log, uptime: () => number) {
    this.#name = name;
    this.#log = log;
    this.#uptime = uptime;
  }

  /**
   * Events under this filter will not reach the broker.
   * @param example the topic of one of them, and why
   */
  drop(filter: string, reason: DropReason, count: number, example: string): void {
    if (count === 0) return;
    const byReason = this.#dropped.get(filter) ?? new Map<DropReason, number>();
    this.#dropped.set(filter, byReason);
    byReason.set(reason, (byReason.get(reason) ?? 0) + count);
    this.#say(filter, reason, count, example);
  }

  get dropped(): EventLinkMeasures['dropped'] {
    return [...this.#dropped].flatMap(([filter, byReason]) =>
      [...byReason].map(([reason, count]) => ({ filter, reason, count })),
    );
  }

  #say(filter: string, reason: DropReason, count: number, example: string): void {
    const now = this.#uptime();
    const line = this.#unlogged.get(reason) ?? { count: 0, loggedAt: Number.NEGATIVE_INFINITY };
    this.#unlogged.set(reason, line);
    line.count += count;
    if (now - line.loggedAt < LINE_INTERVAL_MS) return;
    const what = line.count === 1 ? 'an event' : `${line.count} events`;
    this.#log(
      'warn',
      `${this.#name}: ${what} dropped (${TEXTS[reason]}), the last under ${filter}: ${example}`,
    );
    line.count = 0;
    line.loggedAt = now;
  }
}

const TEXTS: Readonly<Record<DropReason, string>> = {
  full: 'the queue was full',
  expired: 'expired before it was delivered',
  refused: 'the broker refuses it',
  too_large: 'too large for the broker',
  overrun: 'QoS 0, and mqttrep was behind',
};
