/**
 * One broker as the destination of events: its state, and what it is sent when.
 *
 *     read ahead  →  granted: `sent` is durable  →  in flight  →  done
 *
 * An event is handed to the worker only when a durable `sent` record covers it. So after a crash, only events between `done`
 * and `sent` may have arrived without our knowledge: they are unresolved, until a fence tells.
 */

import { has, type QoS } from '../core/policy.ts';
import type { EventLinkMeasures, EventRefusal, EventSessionStarted } from '../protocol/event-messages.ts';
import type { EventId } from '../protocol/event-records.ts';
import { AckWatch } from './ack-watch.ts';
import type { Deliveries } from './deliveries.ts';
import type { DestinationParts } from './destination-parts.ts';
import { AWAY, type DestinationEvent, type DestinationState, transition } from './destination-state.ts';
import { hasPassed } from './event-policies.ts';
import { FenceTimer } from './fence-timer.ts';
import { Flight } from './flight.ts';
import { Grants } from './grants.ts';
import type { BrokerLedger } from './ledger/broker-ledger.ts';
import type { EchoEntry } from './ledger/echo-entries.ts';
import { eventBytes, type LoggedEvent } from './ledger/event-record.ts';
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
  readonly #deliveries: Deliveries;
  #state: DestinationState = AWAY;
  #session: EventSessionStarted | undefined;
  /** As `ledger.done`, but ahead of it until the next commit. */
  #done: number;
  #finished: { messages: number; bytes: number };
  /** All events up to here that are meant for it were taken from what is read ahead. */
  #taken: number;
  /** Events up to here may have been published. */
  #published: number;
  /** In this session, events up to here are sent once more. */
  #resendThrough = 0;
  #isGivenUp = false;

  constructor(parts: DestinationParts) {
    this.#parts = parts;
    const { ledger } = this;
    this.#done = this.#taken = ledger.done;
    this.#finished = { ...ledger.finished };
    this.#published = ledger.sent;
    this.#deliveries = parts.deliveries;
    this.#ahead = new ReadAhead({ ...parts, arrived: () => this.pump() });
    this.#ahead.reset(this.#done);
    this.#grants = new Grants(parts, ledger.sent);
    this.#fences = new FenceTimer(parts.clock, parts.firstNonce, {
      send: nonce => parts.deliveries.fence(nonce),
      boundary: () => this.#taken,
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

  /** Whether an event is neither done nor durable as done. */
  get hasUnrecordedDone(): boolean {
    return this.#done > this.ledger.done;
  }

  /** Events that wait for it, and the oldest of them. */
  get queued(): Pick<EventLinkMeasures, 'messages' | 'bytes'> & { readonly since: number | undefined } {
    const { offered } = this.ledger;
    const messages = Math.max(0, offered.messages - this.#finished.messages);
    const bytes = messages === 0 ? 0 : Math.max(0, offered.bytes - this.#finished.bytes);
    const oldest = this.#flight.oldest ?? this.#ahead.first;
    return { messages, bytes, since: messages === 0 ? undefined : oldest?.received };
  }

  // ── the session ──────────────────────────────────────────────────────────────────────────────────

  started(session: EventSessionStarted): void {
    this.#session = session;
    this.#isGivenUp = false;
    this.#resendThrough = this.#published;
    this.#grants.started(session, topic => this.#expectsEcho(topic));
    const { mustHold } = session;
    this.#on({ kind: 'connected', session: session.session, mustHold, ...this.#resolvability(session) });
  }

  ended(): void {
    this.#on({ kind: 'ended' });
    this.#session = undefined;
  }

  /** All deliveries up to this one are acknowledged. */
  delivered(through: number): void {
    for (const { seq } of this.#flight.through(through)) {
      this.#parts.counters.delivered++;
      this.#finish(seq);
    }
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
    this.#finish(seq);
    this.#advance();
    this.pump();
  }

  fenceReturned(nonce: number): void {
    const boundary = this.#fences.returned(nonce);
    if (boundary === undefined) return;
    this.#boundaryPassed(boundary);
  }

  // ── echoes ───────────────────────────────────────────────────────────────────────────────────────

  /** A stamp proves that this is our own publish. Returns whether its PUBACK must wait for our own to be acknowledged. */
  stampedEcho({ node, seq }: EventId, ordinal: number): boolean {
    if (node !== this.#parts.node || seq > this.#published) return false;
    if (seq <= this.#done) {
      // The broker must not forget the echo before we have stored that the event is done.
      this.recordDone();
      return false;
    }
    const entry = this.#flight.get(seq);
    if (entry !== undefined && !entry.isFinished && ordinal > 0) {
      entry.echoOrdinal = ordinal;
      return true;
    }
    if (!this.ledger.echoed.has(seq))
      this.#parts.append({ kind: 'echo', broker: this.#parts.broker, seq, packetId: 0, hash: 0 });
    return false;
  }

  /**
   * Whether a message without a stamp is the echo of a publish of ours.
   * - `pending`: its PUBACK must wait until our own publish is acknowledged
   */
  matchEcho(hash: number, packetId: number, ordinal: number): 'echo' | 'pending' | 'none' {
    const { ledger } = this;
    const entry = ledger.entries.match(hash);
    if (entry === undefined) return 'none';
    const inFlight = this.#flight.get(entry.seq);
    const isUnacknowledged = entry.seq > this.#done && inFlight?.isFinished !== true;
    if (isUnacknowledged && inFlight !== undefined && ordinal > 0) {
      entry.provisional = ordinal;
      inFlight.echoOrdinal = ordinal;
      inFlight.echoPacketId = packetId;
      return 'pending';
    }
    // Unresolved: the publish may not have arrived. If such a message was delivered before, this may be another one.
    if (isUnacknowledged && inFlight === undefined && ledger.recent.wasDelivered(hash)) return 'none';
    this.#recordEcho(entry, packetId);
    return 'echo';
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

  /**
   * These events are dropped for it, unless they are done: the oldest that there are.
   * @returns those that it lacked
   */
  drop(events: readonly LoggedEvent[], through: number): LoggedEvent[] {
    const dropped: LoggedEvent[] = [];
    for (const event of events) {
      const { seq } = event;
      if (!has(event.recipients, this.#parts.broker) || seq <= this.#done) continue;
      if (seq <= this.#taken) {
        if (this.#flight.get(seq)?.isFinished !== false) continue;
        this.#finish(seq);
        dropped.push(event);
        continue;
      }
      this.#finished.messages++;
      this.#finished.bytes += eventBytes(event);
      if (!this.ledger.echoed.has(seq)) dropped.push(event);
    }
    this.#ahead.skip(through);
    this.#taken = Math.max(this.#taken, through);
    this.#advance();
    return dropped;
  }

  /** Nothing waits for it up to the end of the log: it needs none of it. */
  passIdle(last: number): void {
    if (this.queued.messages > 0 || this.#flight.unfinished > 0 || this.#taken >= last) return;
    this.#ahead.skip(last);
    this.#taken = last;
    this.#advance();
  }

  close(): Promise<void> {
    this.#fences.stop();
    this.#watch.stop();
    return this.#ahead.close();
  }

  get #wantsFence(): boolean {
    if (this.#state.kind !== 'flowing') return false;
    if (this.#session?.acknowledges === false && this.#flight.unfinished > 0) return true;
    for (const { seq, isPublished } of this.ledger.entries) if (isPublished && seq <= this.#done) return true;
    return false;
  }

  #resolvability({ echo, fences }: EventSessionStarted) {
    return { isUnresolved: this.#published > this.#done, canResolve: echo && fences };
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
          this.#close(this.#done);
          this.ledger.entries.notArrived(this.#done);
          break;
        case 'give-up':
          this.#isGivenUp = true;
          break;
        case 'close':
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
    this.#ahead.reset(this.#done);
    this.#taken = this.#done;
    this.pump();
  }

  /** What is acknowledged behind an event that is not must not be sent again. */
  #rebuild(): void {
    for (const seq of this.#flight.clear()) if (seq > this.#done) this.ledger.echoed.add(seq);
    this.ledger.entries.undoProvisional();
    this.#fences.stop();
    this.#watch.stop();
    this.#deliveries.discard();
    this.#ahead.reset(this.#done);
    this.#taken = this.#done;
  }

  #boundaryPassed(boundary: number): void {
    if (this.#session?.acknowledges === false) {
      for (const { seq } of this.#flight.through(boundary)) {
        this.#parts.counters.delivered++;
        this.#finish(seq);
      }
      this.#advance();
    }
    if (this.#state.kind === 'flowing') this.#close(Math.min(boundary, this.#done));
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

  /** Whether the broker delivers a publish of ours back, without a stamp that proves it. */
  #expectsEcho(topic: string): boolean {
    const { echo, stamps } = this.#session ?? { echo: false, stamps: false };
    return echo && !stamps && has(this.#parts.policies().of(topic).echo, this.#parts.broker);
  }

  #publish(): void {
    const session = this.#session;
    if (session === undefined) return;
    const { clock, counters } = this.#parts;
    const window = session.window + HAND_OVER;
    for (let event = this.#ahead.first; event !== undefined; event = this.#ahead.first) {
      if (!this.#grants.covers(event, this.ledger)) break;
      if (this.#flight.unfinished >= window) break;
      if (this.#flight.unfinished > 0 && this.#flight.bytes + eventBytes(event) > FLIGHT_BYTES) break;
      this.#ahead.shift();
      this.#taken = event.seq;
      const { seq, received } = event;
      const isDropped = this.#isDone(event, clock.now());
      this.#flight.add({ seq, received, bytes: eventBytes(event), isFinished: isDropped });
      if (isDropped) continue;
      if (seq <= this.#resendThrough) {
        counters.resent++;
        if (this.#isGivenUp) counters.unresolved++;
      }
      this.ledger.entries.published(seq);
      this.#published = Math.max(this.#published, seq);
      const policy = this.#parts.policies().of(event.topic);
      const qos = (session.acknowledges ? policy.qos : 0) as QoS;
      this.#deliveries.add(event, { retain: policy.retain, qos });
      if (!session.acknowledges && !session.fences) this.#finish(seq);
    }
    this.#deliveries.flush();
  }

  /** Whether the event need not be published: it has arrived, or must not, or has expired. */
  #isDone(event: LoggedEvent, now: number): boolean {
    if (this.ledger.echoed.has(event.seq)) return true;
    const policy = this.#parts.policies().of(event.topic);
    // Events of a filter that was removed are still delivered.
    const isForbidden = policy.isEvent && !has(policy.publish, this.#parts.broker);
    if (isForbidden || hasPassed(event.path, this.ledger.brokerId)) return true;
    if (now < event.expiresAt) return false;
    this.#parts.counters.drop(policy.filter, 'expired', 1, event.topic);
    return true;
  }

  #finish(seq: number): void {
    const entry = this.#flight.finish(seq);
    if (entry === undefined) return;
    const { echoOrdinal, echoPacketId } = entry;
    if (echoOrdinal === 0) return;
    const match = this.ledger.entries.get(seq);
    if (match !== undefined && match.provisional === echoOrdinal) this.#recordEcho(match, echoPacketId);
    this.#parts.release(echoOrdinal);
    this.#parts.kick();
  }

  #recordEcho({ seq, hash }: EchoEntry, packetId: number): void {
    this.#parts.append({ kind: 'echo', broker: this.#parts.broker, seq, packetId, hash });
  }

  #advance(): void {
    const { done, first } = this.#flight.shift();
    this.#finished.messages += done.messages;
    this.#finished.bytes += done.bytes;
    if (this.#ahead.length === 0 && this.#state.kind === 'flowing')
      this.#taken = Math.max(this.#taken, this.#ahead.through);
    this.#done = Math.max(this.#done, first === undefined ? this.#taken : first - 1);
    // Damage can make events disappear that were counted.
    if (this.#done >= this.#parts.tail.next - 1) this.#finished = { ...this.ledger.offered };
  }

  recordDone(): void {
    if (!this.hasUnrecordedDone) return;
    const { messages, bytes } = this.#finished;
    this.#parts.append({ kind: 'done', broker: this.#parts.broker, through: this.#done, messages, bytes });
  }
}
