/**
 * One broker as the destination of events: its state, and what it is sent when.
 *
 *     read ahead  →  granted: `sent` is durable  →  in flight  →  done
 *
 * An event is handed to the worker only when a durable `sent` record covers it. So after a crash, only events between `done`
 * and `sent` may have arrived without our knowledge: they are unresolved, until a fence tells.
 */

import type { EventRefusal, EventSessionStarted } from '../protocol/event-messages.ts';
import type { EventId } from '../protocol/event-records.ts';
import { AckWatch } from './ack-watch.ts';
import { DeliveryRules } from './delivery-rules.ts';
import type { DestinationParts } from './destination-parts.ts';
import { AWAY, type DestinationEvent, type DestinationState, transition } from './destination-state.ts';
import { type EchoMatch, EchoMatcher } from './echo-matcher.ts';
import { FenceTimer } from './fence-timer.ts';
import { Flight } from './flight.ts';
import { Grants } from './grants.ts';
import type { BrokerLedger } from './ledger/broker-ledger.ts';
import { eventBytes, type LoggedEvent } from './ledger/event-record.ts';
import { Progress } from './progress.ts';
import { ReadAhead } from './read-ahead.ts';

/** Publishes that the worker may have waiting beside those that the broker's window permits. */
const HAND_OVER = 64;
/** Bytes in flight, unless it is a single event. */
const FLIGHT_BYTES = 4 * 1024 * 1024;

export class Destination {
  readonly #parts: DestinationParts;
  readonly #ahead: ReadAhead;
  readonly #flight = new Flight();
  readonly #grants: Grants;
  readonly #fences: FenceTimer;
  readonly #watch: AckWatch;
  readonly #rules: DeliveryRules;
  readonly #echoes: EchoMatcher;
  readonly #progress: Progress;
  #state: DestinationState = AWAY;
  #session: EventSessionStarted | undefined;
  /** Events up to here may have been published. */
  #published: number;
  /** Up to where the last fence that came back had been published. */
  #boundary = 0;
  /** In this session, events up to here are sent once more. */
  #resendThrough = 0;
  #isGivenUp = false;

  constructor(parts: DestinationParts) {
    this.#parts = parts;
    this.#published = this.ledger.sent;
    this.#rules = new DeliveryRules(parts);
    this.#ahead = new ReadAhead({ ...parts, arrived: () => this.pump() });
    const ahead = this.#ahead;
    const flight = this.#flight;
    this.#progress = new Progress({
      ...parts,
      flight,
      ahead,
      finished: entry => this.#echoes.finished(entry),
    });
    this.#echoes = new EchoMatcher({
      ...parts,
      flight,
      done: () => this.#progress.done,
      published: () => this.#published,
      recordDone: () => this.recordDone(),
    });
    this.#grants = new Grants(parts, this.ledger.sent);
    this.#fences = new FenceTimer(parts.clock, parts.firstNonce, {
      send: nonce => parts.deliveries.fence(nonce),
      boundary: () => this.#progress.taken,
      isWanted: () => this.#wantsFence,
      timedOut: () => this.#on({ kind: 'resolve-timeout' }),
      aged: boundary => this.#boundaryPassed(boundary),
    });
    this.#watch = new AckWatch(parts.clock, () => this.#flight.unfinished, parts.deliveries.disconnect);
  }

  get ledger(): BrokerLedger {
    return this.#parts.ledgerOf();
  }

  get state(): DestinationState['kind'] {
    return this.#state.kind;
  }

  /** The last event that it will not take from memory any more; Infinity if it takes none. */
  get needless(): number {
    return this.#state.kind === 'away' ? Number.POSITIVE_INFINITY : this.#progress.done;
  }

  /** Events that wait for it, and since when. */
  get queued(): Progress['queued'] {
    return this.#progress.queued;
  }

  // ── the session ──────────────────────────────────────────────────────────────────────────────────

  started(session: EventSessionStarted): void {
    this.#session = session;
    this.#isGivenUp = false;
    this.#resendThrough = this.#published;
    this.#grants.started(session, topic => this.#rules.expectsEcho(topic, session));
    const { mustHold } = session;
    this.#on({ kind: 'connected', session: session.session, mustHold, ...this.#resolvability(session) });
  }

  ended(): void {
    this.#on({ kind: 'ended' });
    this.#session = undefined;
  }

  /** All deliveries up to this one are acknowledged. */
  delivered(through: number): void {
    this.#parts.counters.delivered += this.#progress.finishThrough(through);
    this.#watch.heard();
    this.#advance();
    this.pump();
  }

  refused({ seq, reason, cause }: EventRefusal): void {
    const entry = this.#flight.get(seq);
    if (entry === undefined || entry.isFinished) return;
    const kind = cause === 'too large' ? 'too_large' : 'refused';
    const topic = this.#parts.topicOf(seq) ?? '';
    this.#parts.counters.drop(this.#parts.policies().of(topic).filter, kind, 1, `${topic} (${reason})`);
    this.#progress.finish(seq);
    this.#advance();
    this.pump();
  }

  fenceReturned(nonce: number): void {
    const boundary = this.#fences.returned(nonce);
    if (boundary === undefined) return;
    this.#boundaryPassed(boundary);
  }

  // ── echoes ───────────────────────────────────────────────────────────────────────────────────────

  /** See `EchoMatcher.stamped`. */
  stampedEcho(id: EventId, ordinal: number): boolean {
    return this.#echoes.stamped(id, ordinal);
  }

  /** See `EchoMatcher.match`. */
  matchEcho(hash: number, packetId: number, ordinal: number): EchoMatch {
    return this.#echoes.match(hash, packetId, ordinal);
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────

  /** A commit is about to begin: last moment for records that shall be part of it. */
  beforeCommit(): void {
    this.recordDone();
    if (this.#state.kind !== 'flowing') {
      // The oldest event tells how long events wait.
      if (this.#ahead.length === 0) this.#ahead.fill();
      return;
    }
    this.#ahead.fill();
    this.#grants.grant(this.#ahead, this.#flight.unfinished);
  }

  /** A commit has ended: what it granted may be published. */
  committed(): void {
    this.#grants.committed();
    this.pump();
  }

  /** Sends what it can; asks for a commit if it needs one. */
  pump(): void {
    if (this.#state.kind !== 'flowing') return;
    this.#ahead.fill();
    this.#publish();
    this.#advance();
    if (this.#grants.isDue(this.#ahead, this.#flight.unfinished)) this.#parts.kick();
  }

  /** See `Progress.drop`. */
  drop(events: readonly LoggedEvent[], through: number): LoggedEvent[] {
    return this.#progress.drop(events, through);
  }

  /** See `Progress.passIdle`. */
  passIdle(last: number): void {
    this.#progress.passIdle(last);
  }

  /** Stores how far it is with the next commit. */
  recordDone(): void {
    this.#progress.record();
  }

  close(): Promise<void> {
    this.#fences.stop();
    this.#watch.stop();
    return this.#ahead.close();
  }

  get #wantsFence(): boolean {
    if (this.#state.kind !== 'flowing') return false;
    if (this.#session?.acknowledges === false && this.#flight.unfinished > 0) return true;
    for (const { seq, isPublished } of this.ledger.entries)
      if (isPublished && seq <= this.#progress.done) return true;
    return false;
  }

  #resolvability({ echo, fences }: EventSessionStarted) {
    return { isUnresolved: this.#published > this.#progress.done, canResolve: echo && fences };
  }

  #on(event: DestinationEvent): void {
    const { state, effects } = transition(this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      switch (effect) {
        case 'fence':
          this.#fences.resolve();
          break;
        case 'settle':
          this.#close(this.#progress.done);
          this.ledger.entries.notArrived(this.#progress.done);
          break;
        case 'give-up':
          this.#isGivenUp = true;
          break;
        case 'close':
          this.#close(Math.min(this.#boundary, this.#progress.done));
          break;
        case 'send':
          this.#begin();
          break;
        case 'rebuild':
          this.#rebuild();
          break;
      }
    }
  }

  #begin(): void {
    this.#fences.flow(this.#session?.fences === true);
    this.#watch.start();
    this.#progress.rewind();
    this.pump();
  }

  /** What is acknowledged behind an event that is not must not be sent again. */
  #rebuild(): void {
    for (const seq of this.#flight.clear()) if (seq > this.#progress.done) this.ledger.echoed.add(seq);
    this.ledger.entries.undoProvisional();
    this.#fences.stop();
    this.#watch.stop();
    this.#parts.deliveries.discard();
    this.#progress.rewind();
  }

  #boundaryPassed(boundary: number): void {
    if (this.#session?.acknowledges === false) {
      this.#parts.counters.delivered += this.#progress.finishThrough(boundary);
      this.#advance();
    }
    this.#boundary = boundary;
    this.#on({ kind: 'fence-returned' });
    this.pump();
  }

  /** Echoes up to `through` will not come. */
  #close(through: number): void {
    const { entries, closed } = this.ledger;
    let missing = 0;
    for (const { seq } of entries) if (seq <= through) missing++;
    if (missing === 0 || through <= closed) return;
    this.#parts.counters.echoMissing += missing;
    this.recordDone();
    this.#parts.append({ kind: 'closed', broker: this.#parts.broker, through });
  }

  #publish(): void {
    const session = this.#session;
    if (session === undefined) return;
    const { counters } = this.#parts;
    const { ledger } = this;
    const window = session.window + HAND_OVER;
    for (let event = this.#ahead.first; event !== undefined; event = this.#ahead.first) {
      if (!this.#grants.covers(event, ledger)) break;
      if (this.#flight.unfinished >= window) break;
      if (this.#flight.unfinished > 0 && this.#flight.bytes + eventBytes(event) > FLIGHT_BYTES) break;
      this.#ahead.shift();
      this.#progress.take(event);
      const { seq, received } = event;
      const isFinished = this.#rules.isDone(event);
      this.#flight.add({ seq, received, bytes: eventBytes(event), isFinished });
      if (isFinished) continue;
      if (seq <= this.#resendThrough) {
        counters.resent++;
        if (this.#isGivenUp) counters.unresolved++;
      }
      if (ledger.entries.size > 0) ledger.entries.published(seq);
      this.#published = Math.max(this.#published, seq);
      this.#rules.publish(event, session);
      if (!session.acknowledges && !session.fences) this.#progress.finish(seq);
    }
    this.#parts.deliveries.flush();
  }

  #advance(): void {
    this.#progress.advance(this.#ahead.length === 0 && this.#state.kind === 'flowing');
  }
}
