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
import type { DestinationParts } from './destination-parts.ts';
import { AWAY, type DestinationEvent, type DestinationState, transition } from './destination-state.ts';
import { type EchoMatch, EchoMatcher } from './echo-matcher.ts';
import { FenceTimer } from './fence-timer.ts';
import { Flight } from './flight.ts';
import type { BrokerLedger } from './ledger/broker-ledger.ts';
import type { LoggedEvent } from './ledger/event-record.ts';
import { Progress, type ProgressParts } from './progress.ts';
import { ReadAhead } from './read-ahead.ts';
import { Sender } from './sender.ts';

export class Destination {
  readonly #parts: DestinationParts;
  readonly #ahead: ReadAhead;
  readonly #flight = new Flight();
  readonly #fences: FenceTimer;
  readonly #watch: AckWatch;
  readonly #echoes: EchoMatcher;
  readonly #progress: Progress;
  readonly #sender: Sender;
  #state: DestinationState = AWAY;
  #session: EventSessionStarted | undefined;
  /** Up to where the last fence that came back had been published. */
  #boundary = 0;

  constructor(parts: DestinationParts) {
    this.#parts = parts;
    this.#ahead = new ReadAhead({ ...parts, arrived: () => this.pump() });
    const [ahead, flight] = [this.#ahead, this.#flight];
    const finished: ProgressParts['finished'] = entry => this.#echoes.finished(entry);
    this.#progress = new Progress({ ...parts, flight, ahead, finished });
    this.#echoes = new EchoMatcher({
      ...parts,
      flight,
      done: () => this.#progress.done,
      published: () => this.#sender.published,
      recordDone: () => this.recordDone(),
    });
    this.#sender = new Sender({ ...parts, ahead, flight, progress: this.#progress });
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
    this.#sender.started(session);
    const { session: number, mustHold } = session;
    this.#on({ kind: 'connected', session: number, mustHold, ...this.#resolvability(session) });
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
    if (boundary !== undefined) this.#boundaryPassed(boundary);
  }

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
    this.#sender.grant();
  }

  /** A commit has ended: what it granted may be published. */
  committed(): void {
    this.#sender.committed();
    this.pump();
  }

  /** Sends what it can; asks for a commit if it needs one. */
  pump(): void {
    if (this.#state.kind !== 'flowing') return;
    this.#ahead.fill();
    if (this.#session !== undefined) this.#sender.send(this.#session);
    this.#advance();
    if (this.#sender.isDue) this.#parts.kick();
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
    return this.#echoes.isAwaiting;
  }

  #resolvability({ echo, fences }: EventSessionStarted) {
    return { isUnresolved: this.#sender.published > this.#progress.done, canResolve: echo && fences };
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
          this.#echoes.close(this.#progress.done);
          this.ledger.entries.notArrived(this.#progress.done);
          break;
        case 'give-up':
          this.#sender.giveUp();
          break;
        case 'close':
          this.#echoes.close(Math.min(this.#boundary, this.#progress.done));
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

  #advance(): void {
    this.#progress.advance(this.#ahead.length === 0 && this.#state.kind === 'flowing');
  }
}
