/**
 * Topics on which a broker hangs up. A topic in quarantine is not published on the main connection before the broker has
 * accepted it on another one.
 *
 * Each hang-up is a strike for all topics that may have caused it. A quarantined topic is published on a side connection
 * (quarantine-publisher.ts). If the broker accepts it, it leaves quarantine. If the broker hangs up on it alone, it gets
 * another strike. From the second strike on the topic is barred: it is not sent for some time, which doubles each time.
 */

/** Strikes after which a topic is barred; the last one is for the topic alone. */
const MAX_STRIKES = 2;

/** Time until a barred topic is sent again, the first time and at most. */
export const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 60 * 60_000;

/** Most topics in quarantine. Above that the oldest one leaves it. */
export const MAX_QUARANTINED_TOPICS = 10_000;

/** `free`: publish on the main connection. `quarantine`: publish on the side connection. `barred`: do not send. */
export type Route = 'free' | 'quarantine' | 'barred';

interface Entry {
  strikes: number;
  /** Milliseconds of `performance.now()`. */
  retryAt: number;
  retryMs: number;
}

export class Quarantine {
  readonly #entries = new Map<string, Entry>();

  /** Topics in quarantine. */
  get size(): number {
    return this.#entries.size;
  }

  routeOf(topic: string, now: number): Route {
    const entry = this.#entries.get(topic);
    if (entry === undefined) return 'free';
    return now < entry.retryAt ? 'barred' : 'quarantine';
  }

  /** The broker hung up while these topics were in flight, or just after. */
  hungUp(topics: Iterable<string>): void {
    for (const topic of topics) this.#entry(topic).strikes++;
  }

  /** The broker hung up on this topic alone. Returns whether the topic is barred now. */
  hungUpOnAlone(topic: string, now: number): boolean {
    const entry = this.#entry(topic);
    if (++entry.strikes < MAX_STRIKES) return false;
    this.#bar(entry, now);
    return true;
  }

  /** The broker accepted the topic. */
  accepted(topic: string): void {
    this.#entries.delete(topic);
  }

  /** Whether the topic is barred for the first time. */
  isBarredFirst(topic: string): boolean {
    return this.#entries.get(topic)?.retryMs === FIRST_RETRY_MS;
  }

  /** Milliseconds for which the topic is not sent. */
  barredFor(topic: string, now: number): number {
    return Math.max(0, (this.#entries.get(topic)?.retryAt ?? 0) - now);
  }

  #bar(entry: Entry, now: number): void {
    entry.retryMs = entry.retryMs === 0 ? FIRST_RETRY_MS : Math.min(2 * entry.retryMs, LONGEST_RETRY_MS);
    entry.retryAt = now + entry.retryMs;
  }

  #entry(topic: string): Entry {
    const known = this.#entries.get(topic);
    if (known !== undefined) return known;
    if (this.#entries.size >= MAX_QUARANTINED_TOPICS) {
      const [oldest = ''] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
    const entry = { strikes: 0, retryAt: 0, retryMs: 0 };
    this.#entries.set(topic, entry);
    return entry;
  }
}
