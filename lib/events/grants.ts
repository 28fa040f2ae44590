/**
 * Which events of one destination a durable `sent` record covers.
 *
 * Where another commit is due anyway, the record rides in it. Else it is written once half of the limit is free, so that a
 * destination that is behind costs one commit for many events.
 */

import type { EventSessionStarted } from '../protocol/event-messages.ts';
import { EVENT_WINDOW } from '../protocol/event-messages.ts';
import type { BrokerLedger } from './ledger/broker-ledger.ts';
import { contentHash } from './ledger/content-hash.ts';
import type { EchoEntries } from './ledger/echo-entries.ts';
import type { EventRecord, LoggedEvent, SentEntry } from './ledger/event-record.ts';
import type { ReadAhead } from './read-ahead.ts';

/** Granted events that are not done. With stamps nothing is doubled after a crash, however many they are. */
const STAMPED_LIMIT = 2 * EVENT_WINDOW;
/** Beyond the broker's window. */
const UNSTAMPED_EXCESS = 64;

interface GrantsParts {
  readonly broker: number;
  readonly ledgerOf: () => BrokerLedger;
  readonly append: (record: EventRecord) => void;
}

export class Grants {
  readonly #parts: GrantsParts;
  /** Durable. */
  #durable: number;
  /** Part of the commit in progress or of the next one. */
  #granted: number;
  #limit = EVENT_WINDOW;
  #expectsEcho: (topic: string) => boolean = () => false;
  /** Some echoes are not proven by a stamp. */
  #hasEntries = false;

  constructor(parts: GrantsParts, sent: number) {
    this.#parts = parts;
    this.#durable = this.#granted = sent;
  }

  /** Whether the event may be published. */
  covers(event: LoggedEvent, ledger: BrokerLedger): boolean {
    if (event.seq > this.#durable) return false;
    return (
      !this.#hasEntries ||
      !this.#expectsEcho(event.topic) ||
      ledger.entries.get(event.seq) !== undefined ||
      ledger.echoed.has(event.seq)
    );
  }

  /** @param expectsEcho whether an echo of the topic will come that no stamp proves */
  started({ stamps, window, echo }: EventSessionStarted, expectsEcho: (topic: string) => boolean): void {
    this.#hasEntries = echo && !stamps;
    this.#limit = stamps ? STAMPED_LIMIT : window + UNSTAMPED_EXCESS;
    this.#expectsEcho = expectsEcho;
  }

  /** Grants as many of the next events as the limit permits. */
  grant(ahead: ReadAhead, unfinished: number): void {
    const room = Math.min(this.#limit - unfinished, ahead.length);
    const through = Math.max(this.#granted, ahead.at(room - 1)?.seq ?? 0);
    const { entries } = this.#parts.ledgerOf();
    const added: SentEntry[] = this.#hasEntries ? this.#entriesOf(ahead, room, entries) : [];
    if (through === this.#granted && added.length === 0) return;
    this.#granted = through;
    this.#parts.append({ kind: 'sent', broker: this.#parts.broker, through, entries: added });
    // The record marks its entries as published, since it may be read after a crash. Here they are not, so far.
    for (const { seq } of added) {
      const entry = entries.get(seq);
      if (entry !== undefined) entry.isPublished = false;
    }
  }

  #entriesOf(ahead: ReadAhead, room: number, entries: EchoEntries): SentEntry[] {
    const added: SentEntry[] = [];
    for (let index = 0; index < room; index++) {
      const event = ahead.at(index);
      if (event === undefined) break;
      if (!this.#expectsEcho(event.topic) || entries.get(event.seq) !== undefined) continue;
      added.push({ seq: event.seq, hash: event.hash ?? contentHash(event.topic, event.payload) });
    }
    return added;
  }

  committed(): void {
    this.#durable = this.#granted;
  }

  /** Whether a commit is worth it. */
  isDue(ahead: ReadAhead, unfinished: number): boolean {
    const next = ahead.first;
    if (next === undefined || this.covers(next, this.#parts.ledgerOf())) return false;
    return unfinished <= this.#limit / 2;
  }
}
