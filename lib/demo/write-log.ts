/**
 * Every write of the demo, and its delivery to the other sites. Each write is passed to `show` once. That is when, for each
 * other site, it has arrived, was replaced by a newer value, or waits for a cut link; at the latest after
 * SHOW_TIMEOUT_MS.
 */

import { othersOf, type SiteName } from './sites.ts';

export interface Write {
  readonly site: SiteName;
  readonly topic: string;
  /** Empty: a deletion. */
  readonly payload: string;
  /** A command is never replaced by a newer one. */
  readonly isCommand: boolean;
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  /** Its delivery to each other site. */
  readonly deliveries: ReadonlyMap<SiteName, Delivery>;
}

export type Delivery =
  | { readonly kind: 'arrived'; readonly milliseconds: number }
  | { readonly kind: 'in flight' | 'cut off' | 'replaced' };

export interface Totals {
  readonly writes: number;
  /** Writes that arrived at every other site. */
  readonly everywhere: number;
  /** Writes that some site never received, because a newer value replaced them. */
  readonly replaced: number;
}

export const SHOW_TIMEOUT_MS = 2_000;

/** At most so many delivery times are kept, the newest ones. */
const MAX_TIMES = 10_000;

interface OpenWrite extends Write {
  readonly deliveries: Map<SiteName, Delivery>;
  timer: NodeJS.Timeout | undefined;
}

/** A command as a client received it. */
export interface Command {
  readonly site: SiteName;
  readonly topic: string;
  readonly payload: string;
}

/** At most so many received commands are kept, the newest ones. */
const MAX_COMMANDS = 1_000;

export class WriteLog {
  readonly #show: (write: Write) => void;
  readonly #open = new Set<OpenWrite>();
  readonly #times: number[] = [];
  readonly #totals = { writes: 0, everywhere: 0, replaced: 0 };
  #commandTopics = new Set<string>();
  #commands: Command[] = [];
  #cutOff: SiteName | undefined;

  constructor(show: (write: Write) => void) {
    this.#show = show;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Delivery times in milliseconds, without those over a cut link. */
  get times(): readonly number[] {
    return this.#times;
  }

  /** The commands that clients of other sites received, in their order, each copy. */
  get commands(): readonly Command[] {
    return this.#commands;
  }

  command(site: SiteName, topic: string, payload: string, at: number): Write {
    this.#commandTopics.add(topic);
    return this.#written({ site, topic, payload, at, isCommand: true });
  }

  written(site: SiteName, topic: string, payload: string, at: number): Write {
    return this.#written({ site, topic, payload, at, isCommand: false });
  }

  #written({ site, topic, payload, at, isCommand }: Omit<Write, 'deliveries'>): Write {
    const deliveries = new Map(othersOf(site).map(other => [other, this.#expected(site, other)]));
    const write: OpenWrite = { site, topic, payload, at, isCommand, deliveries, timer: undefined };
    write.timer = setTimeout(() => this.#showNow(write), SHOW_TIMEOUT_MS);
    this.#totals.writes++;
    this.#open.add(write);
    this.#update(write);
    return write;
  }

  /** The client of the site received a message. Its own writes, and messages that it has received before, are ignored. */
  arrived(site: SiteName, topic: string, payload: string, at: number): void {
    const isCommand = this.#commandTopics.has(topic);
    if (isCommand) this.#commands = [...this.#commands, { site, topic, payload }].slice(-MAX_COMMANDS);
    const isIt = (open: OpenWrite) =>
      open.topic === topic && open.payload === payload && isExpected(open.deliveries.get(site));
    const open = [...this.#open];
    const write = isCommand ? open.find(isIt) : open.findLast(isIt);
    if (write === undefined) return;
    const milliseconds = at - write.at;
    if (write.deliveries.get(site)?.kind === 'in flight') this.#addTime(milliseconds);
    write.deliveries.set(site, { kind: 'arrived', milliseconds });
    for (const older of this.#open) {
      if (older === write || isCommand) break;
      if (older.topic !== topic || !isExpected(older.deliveries.get(site))) continue;
      older.deliveries.set(site, { kind: 'replaced' });
      this.#update(older);
    }
    this.#update(write);
  }

  cut(site: SiteName): void {
    this.#cutOff = site;
    for (const write of this.#open) {
      for (const [other, { kind }] of write.deliveries) {
        if (kind === 'in flight') write.deliveries.set(other, this.#expected(write.site, other));
      }
      this.#update(write);
    }
  }

  healed(): void {
    this.#cutOff = undefined;
  }

  /** All brokers are equal, so a write that has not arrived was replaced. */
  endOutstanding(): void {
    for (const write of this.#open) {
      if (write.isCommand) continue;
      for (const [other, delivery] of write.deliveries) {
        if (isExpected(delivery)) write.deliveries.set(other, { kind: 'replaced' });
      }
      this.#update(write);
    }
  }

  close(): void {
    for (const { timer } of this.#open) clearTimeout(timer);
    this.#open.clear();
  }

  #expected(from: SiteName, to: SiteName): Delivery {
    return { kind: from === this.#cutOff || to === this.#cutOff ? 'cut off' : 'in flight' };
  }

  #update(write: OpenWrite): void {
    const kinds = [...write.deliveries.values()].map(({ kind }) => kind);
    if (!kinds.includes('in flight')) this.#showNow(write);
    if (kinds.includes('in flight') || kinds.includes('cut off')) return;
    this.#open.delete(write);
    if (kinds.includes('replaced')) this.#totals.replaced++;
    else this.#totals.everywhere++;
  }

  #showNow(write: OpenWrite): void {
    if (write.timer === undefined) return;
    clearTimeout(write.timer);
    write.timer = undefined;
    this.#show(write);
  }

  #addTime(milliseconds: number): void {
    this.#times.push(milliseconds);
    if (this.#times.length > MAX_TIMES) this.#times.shift();
  }
}

function isExpected(delivery: Delivery | undefined): boolean {
  return delivery?.kind === 'in flight' || delivery?.kind === 'cut off';
}
