/**
 * Which messages of one broker are echoes of our own publishes there, and what of that must be stored.
 *
 * The broker forgets an echo once it is acknowledged. So it is acknowledged when it is durable that the echo has come, or that
 * the event is done anyway (E5).
 */

import type { EventId } from '../protocol/event-records.ts';
import type { DestinationParts } from './destination-parts.ts';
import type { Flight, InFlight } from './flight.ts';
import type { EchoEntry } from './ledger/echo-entries.ts';

export interface EchoMatcherParts
  extends Pick<
    DestinationParts,
    'broker' | 'node' | 'counters' | 'ledgerOf' | 'append' | 'release' | 'kickSoon'
  > {
  readonly flight: Flight;
  /** Events up to here are done. */
  readonly done: () => number;
  /** Events up to here may have been published. */
  readonly published: () => number;
  /** Stores what is done. */
  readonly recordDone: () => void;
}

/** `pending`: the PUBACK of the message must wait until our own publish is acknowledged. */
export type EchoMatch = 'echo' | 'pending' | 'none';

export class EchoMatcher {
  readonly #parts: EchoMatcherParts;

  constructor(parts: EchoMatcherParts) {
    this.#parts = parts;
  }

  /** A stamp proves that this is our own publish. Returns whether its PUBACK must wait for our own to be acknowledged. */
  stamped({ node, seq }: EventId, ordinal: number): boolean {
    const { flight, append, broker } = this.#parts;
    if (node !== this.#parts.node || seq > this.#parts.published()) return false;
    if (seq <= this.#parts.done()) {
      this.#parts.recordDone();
      return false;
    }
    const entry = flight.get(seq);
    if (entry !== undefined && !entry.isFinished && ordinal > 0) {
      entry.echoOrdinal = ordinal;
      return true;
    }
    if (!this.#parts.ledgerOf().echoed.has(seq)) append({ kind: 'echo', broker, seq, packetId: 0, hash: 0 });
    return false;
  }

  /** Whether a message without a stamp is the echo of a publish of ours. */
  match(hash: number, packetId: number, ordinal: number): EchoMatch {
    const { entries, recent } = this.#parts.ledgerOf();
    const entry = entries.match(hash);
    if (entry === undefined) return 'none';
    const inFlight = this.#parts.flight.get(entry.seq);
    const isUnacknowledged = entry.seq > this.#parts.done() && inFlight?.isFinished !== true;
    if (isUnacknowledged && inFlight !== undefined && ordinal > 0) {
      entry.provisional = ordinal;
      inFlight.echoOrdinal = ordinal;
      inFlight.echoPacketId = packetId;
      return 'pending';
    }
    // Unresolved: the publish may not have arrived. If such a message was delivered before, this may be another one.
    if (isUnacknowledged && inFlight === undefined && recent.wasDelivered(hash)) return 'none';
    this.#record(entry, packetId);
    return 'echo';
  }

  /** The event is done: an echo that waited for this counts. */
  finished({ seq, echoOrdinal, echoPacketId }: InFlight): void {
    if (echoOrdinal === 0) return;
    const entry = this.#parts.ledgerOf().entries.get(seq);
    if (entry !== undefined && entry.provisional === echoOrdinal) this.#record(entry, echoPacketId);
    this.#parts.release(echoOrdinal);
    this.#parts.kickSoon();
  }

  /** The broker has acknowledged publishes whose echo has not come yet, and no stamp will prove that echo. */
  get isAwaiting(): boolean {
    const done = this.#parts.done();
    for (const { seq, isPublished } of this.#parts.ledgerOf().entries)
      if (isPublished && seq <= done) return true;
    return false;
  }

  /** Echoes up to `through` will not come. */
  close(through: number): void {
    const { broker, counters, recordDone, append } = this.#parts;
    const { entries, closed } = this.#parts.ledgerOf();
    let missing = 0;
    for (const { seq } of entries) if (seq <= through) missing++;
    if (missing === 0 || through <= closed) return;
    counters.echoMissing += missing;
    recordDone();
    append({ kind: 'closed', broker, through });
  }

  #record({ seq, hash }: EchoEntry, packetId: number): void {
    this.#parts.append({ kind: 'echo', broker: this.#parts.broker, seq, packetId, hash });
  }
}
