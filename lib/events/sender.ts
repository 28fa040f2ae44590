/**
 * Publishes the events of one destination: in the order of the log, no more than the window takes, and each only when a durable
 * `sent` record covers it.
 */

import type { EventSessionStarted } from '../protocol/event-messages.ts';
import { DeliveryRules } from './delivery-rules.ts';
import type { DestinationParts } from './destination-parts.ts';
import type { Flight } from './flight.ts';
import { Grants } from './grants.ts';
import { eventBytes, type LoggedEvent } from './ledger/event-record.ts';
import type { Progress } from './progress.ts';
import type { ReadAhead } from './read-ahead.ts';
import { RepeatedContents } from './repeated-contents.ts';

/** Publishes that the worker may have waiting beside those that the broker's window permits. */
const HAND_OVER = 64;
/** Bytes in flight, unless it is a single event. */
const FLIGHT_BYTES = 4 * 1024 * 1024;

export interface SenderParts extends DestinationParts {
  readonly ahead: ReadAhead;
  readonly flight: Flight;
  readonly progress: Progress;
}

export class Sender {
  readonly #parts: SenderParts;
  readonly #grants: Grants;
  readonly #rules: DeliveryRules;
  readonly #repeated = new RepeatedContents();
  /** Events up to here may have been published. */
  #published: number;
  /** In this session, events up to here are sent once more. */
  #resendThrough = 0;
  #isGivenUp = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#published = parts.ledgerOf().sent;
    this.#grants = new Grants(parts, this.#published);
    this.#rules = new DeliveryRules(parts);
  }

  /** Events up to here may have been published. */
  get published(): number {
    return this.#published;
  }

  /** More could be published after a commit, so that one is worth its cost. */
  get isDue(): boolean {
    return this.#grants.isDue(this.#parts.ahead, this.#parts.flight.unfinished);
  }

  /** A session has begun. */
  started(session: EventSessionStarted): void {
    this.#grants.started(session, topic => this.#rules.expectsEcho(topic, session));
    this.#repeated.started();
    this.#isGivenUp = false;
    this.#resendThrough = this.#published;
  }

  /** It stays unknown what has arrived, so all of it is sent again. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** A commit is about to begin: adds what it permits to be published. */
  grant(): void {
    this.#grants.grant(this.#parts.ahead, this.#parts.flight.unfinished);
    this.#repeated.commitBegan(this.#parts.ledgerOf().done);
  }

  /** The commit has ended. */
  committed(): void {
    this.#grants.committed();
    this.#repeated.committed();
  }

  /** Publishes what it may. */
  send(session: EventSessionStarted): void {
    const { ahead, flight, deliveries, ledgerOf } = this.#parts;
    const ledger = ledgerOf();
    const window = session.window + HAND_OVER;
    for (let event = ahead.first; event !== undefined; event = ahead.first) {
      if (!this.#grants.covers(event, ledger) || flight.unfinished >= window) break;
      // Where the broker takes only QoS 0, a fence tells what is done, and that takes a second.
      if (session.acknowledges && this.#repeated.holds(event.seq, ledger)) break;
      if (flight.unfinished > 0 && flight.bytes + eventBytes(event) > FLIGHT_BYTES) break;
      ahead.shift();
      this.#next(event, session);
    }
    deliveries.flush();
  }

  #next(event: LoggedEvent, session: EventSessionStarted): void {
    const { flight, progress, counters, ledgerOf } = this.#parts;
    const { seq, received } = event;
    progress.take(event);
    const isFinished = this.#rules.isDone(event);
    flight.add({ seq, received, bytes: eventBytes(event), isFinished });
    if (isFinished) return;
    if (seq <= this.#resendThrough) {
      counters.resent++;
      if (this.#isGivenUp) counters.unresolved++;
    }
    const { entries } = ledgerOf();
    if (entries.size > 0) {
      this.#repeated.published(seq, ledgerOf());
      entries.published(seq);
    }
    this.#published = Math.max(this.#published, seq);
    this.#rules.publish(event, session);
    if (!session.acknowledges && !session.fences) progress.finish(seq);
  }
}
