/**
 * Every write of the demo, and its way to the other sites. A write is handed to `show` once: when it is known
 * of each other site that it arrived, was overtaken by a newer value, or has to wait for a cut link; or when it
 * has been under way for SHOW_LIMIT.
 */

import { othersOf, type SiteName } from './sites.ts';

export interface Write {
  readonly site: SiteName;
  readonly topic: string;
  /** Empty: a deletion. */
  readonly payload: string;
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  /** What became of it, by each other site. */
  readonly deliveries: ReadonlyMap<SiteName, Delivery>;
}

export type Delivery =
  | { readonly kind: 'arrived'; readonly milliseconds: number }
  | { readonly kind: 'under way' | 'cut off' | 'overtaken' };

export interface Totals {
  readonly writes: number;
  /** Writes that arrived at every other site. */
  readonly everywhere: number;
  /** Writes that some site never got, since a newer value came first. */
  readonly overtaken: number;
}

/** Milliseconds. */
export const SHOW_LIMIT = 2_000;

/** The newest so many times to arrive are kept. */
const MAX_TIMES = 10_000;

interface OpenWrite extends Write {
  readonly deliveries: Map<SiteName, Delivery>;
  limit: NodeJS.Timeout | undefined;
}

export class WriteLog {
  readonly #show: (write: Write) => void;
  readonly #open = new Set<OpenWrite>();
  readonly #times: number[] = [];
  readonly #totals = { writes: 0, everywhere: 0, overtaken: 0 };
  #cutOff: SiteName | undefined;

  constructor(show: (write: Write) => void) {
    this.#show = show;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Milliseconds that writes took to arrive where nothing was cut. */
  get times(): readonly number[] {
    return this.#times;
  }

  written(site: SiteName, topic: string, payload: string, at: number): Write {
    const deliveries = new Map(othersOf(site).map(other => [other, this.#expected(site, other)]));
    const write: OpenWrite = { site, topic, payload, at, deliveries, limit: undefined };
    write.limit = setTimeout(() => this.#showNow(write), SHOW_LIMIT);
    this.#totals.writes++;
    this.#open.add(write);
    this.#look(write);
    return write;
  }

  /** What a client at the site saw. Its own writes, and what it has seen before, are no news. */
  arrived(site: SiteName, topic: string, payload: string, at: number): void {
    const write = [...this.#open].findLast(
      open => open.topic === topic && open.payload === payload && isExpected(open.deliveries.get(site)),
    );
    if (write === undefined) return;
    const milliseconds = at - write.at;
    if (write.deliveries.get(site)?.kind === 'under way') this.#took(milliseconds);
    write.deliveries.set(site, { kind: 'arrived', milliseconds });
    for (const older of this.#open) {
      if (older === write) break;
      if (older.topic !== topic || !isExpected(older.deliveries.get(site))) continue;
      older.deliveries.set(site, { kind: 'overtaken' });
      this.#look(older);
    }
    this.#look(write);
  }

  cut(site: SiteName): void {
    this.#cutOff = site;
    for (const write of this.#open) {
      for (const [other, { kind }] of write.deliveries) {
        if (kind === 'under way') write.deliveries.set(other, this.#expected(write.site, other));
      }
      this.#look(write);
    }
  }

  healed(): void {
    this.#cutOff = undefined;
  }

  /** All brokers are equal: what has not arrived by now never will. */
  settle(): void {
    for (const write of this.#open) {
      for (const [other, delivery] of write.deliveries) {
        if (isExpected(delivery)) write.deliveries.set(other, { kind: 'overtaken' });
      }
      this.#look(write);
    }
  }

  close(): void {
    for (const { limit } of this.#open) clearTimeout(limit);
    this.#open.clear();
  }

  #expected(from: SiteName, to: SiteName): Delivery {
    return { kind: from === this.#cutOff || to === this.#cutOff ? 'cut off' : 'under way' };
  }

  #look(write: OpenWrite): void {
    const kinds = [...write.deliveries.values()].map(({ kind }) => kind);
    if (!kinds.includes('under way')) this.#showNow(write);
    if (kinds.includes('under way') || kinds.includes('cut off')) return;
    this.#open.delete(write);
    if (kinds.includes('overtaken')) this.#totals.overtaken++;
    else this.#totals.everywhere++;
  }

  #showNow(write: OpenWrite): void {
    if (write.limit === undefined) return;
    clearTimeout(write.limit);
    write.limit = undefined;
    this.#show(write);
  }

  #took(milliseconds: number): void {
    this.#times.push(milliseconds);
    if (this.#times.length > MAX_TIMES) this.#times.shift();
  }
}

function isExpected(delivery: Delivery | undefined): boolean {
  return delivery?.kind === 'under way' || delivery?.kind === 'cut off';
}
