/**
 * The flow of publications to one broker: which topics wait, how much is in flight, which echoes are expected.
 *
 * A window of publications (publish-window.ts), or about CREDIT_BYTES, are in flight to the worker. Topics beyond that wait here
 * by name; when their turn comes, their newest value is sent. So a slow broker costs memory for topics, not for messages.
 */

import { EvenRate, type RateLimits } from '../../core/even-rate.ts';
import { LogThrottle } from '../../core/log-throttle.ts';
import { BatchWriter } from '../../protocol/batch.ts';
import type { PublishResults } from '../../protocol/messages.ts';
import { type Publication, publicationBytes, writePublication } from '../../protocol/publication.ts';
import { EchoTimeouts } from './echo-timeouts.ts';
import { PublishWindow } from './publish-window.ts';

/** Bytes of publications in flight to one broker at most, about. */
export const CREDIT_BYTES = 16 * 1024 * 1024;

/** A batch of this size is closed: one buffer for the whole credit would be copied each time that it grows. */
const BATCH_BYTES = 1024 * 1024;

/** At a limited rate, at most the publications of this time are in flight to one broker. */
const WINDOW_SECONDS = 2;
const SMALLEST_WINDOW = 8;

/** At a limited rate, the worker gets at most the publications of this time at once. It spreads them evenly. */
const RATE_BURST_MS = 250;

/** Which bound holds publications back: that of the broker, that of one topic, or the configured rate. */
export type Bound = 'pending' | 'pending_of_topic' | 'rate';

export class PublishFlow {
  /** Topics that wait to be offered to this broker, in the order in which they changed. */
  readonly #waiting = new Set<string>();
  #sent = 0;
  /** All publications up to this number are settled. */
  #settledUpTo = 0;
  #bytes = 0;
  readonly #window = new PublishWindow();
  /** Undefined without a limit of the rate. */
  #rate: EvenRate | undefined;
  #largestWindow = Number.POSITIVE_INFINITY;
  /** Topics wait for the rate. */
  #isPaced = false;
  /** The credit was used up, and less than half of it has come back. So publications go out in few, large batches. */
  #isExhausted = false;
  readonly #writer = new BatchWriter();
  readonly #batches: ArrayBuffer[] = [];
  readonly #echoes = new EchoTimeouts();
  /** Topics of which a publication waits in quarantine: the worker has not sent it yet. */
  readonly #quarantined = new Set<string>();
  /** How often each bound was met. */
  readonly #heldBack: Record<Bound, number> = { pending: 0, pending_of_topic: 0, rate: 0 };
  readonly #throttle = new LogThrottle<Bound>();

  /** The topic is to be offered to the broker. */
  add(topic: string): void {
    this.#waiting.add(topic);
  }

  /** Topics that wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A session begins at this rate; without a limit if it is undefined. */
  begin(rate: RateLimits | undefined): void {
    this.#rate = rate && new EvenRate(rate, RATE_BURST_MS);
    const messages = rate?.messages ?? Number.POSITIVE_INFINITY;
    this.#largestWindow = Math.max(SMALLEST_WINDOW, WINDOW_SECONDS * messages);
  }

  /** Takes out the topics that wait, one by one, for as long as there is credit, and the rate permits a publish. */
  *takeWaiting(uptime: number): Generator<string> {
    for (const topic of this.#waiting) {
      if (this.#isExhausted) return;
      if (this.#rate !== undefined && this.#rate.wait(uptime) > 0) {
        if (!this.#isPaced) this.#heldBack.rate++;
        this.#isPaced = true;
        return;
      }
      this.#waiting.delete(topic);
      yield topic;
    }
  }

  /** Milliseconds until the rate permits another publish; undefined if no topic waits for that. */
  rateWait(uptime: number): number | undefined {
    if (this.#waiting.size === 0) this.#isPaced = false;
    return this.#isPaced && !this.#isExhausted ? Math.max(0, this.#rate?.wait(uptime) ?? 0) : undefined;
  }

  /** Topics wait for credit. */
  get isHeldBack(): boolean {
    return this.#isExhausted && this.#waiting.size > 0;
  }

  /** Publications that may be in flight now. */
  get credit(): number {
    return Math.min(this.#window.size, this.#largestWindow);
  }

  get hasCredit(): boolean {
    return !this.#isExhausted;
  }

  /** Gathers the publication for the next batch to the worker. */
  pack(publication: Publication): void {
    writePublication(this.#writer, publication);
    if (this.#writer.length >= BATCH_BYTES) this.#batches.push(this.#writer.take());
    const bytes = publicationBytes(publication);
    this.#sent++;
    this.#bytes += bytes;
    this.#rate?.published(bytes, performance.now());
    if (!this.#isExhausted && this.#uses(1)) {
      this.#isExhausted = true;
      this.#heldBack.pending++;
      this.#window.usedUp(performance.now());
    }
    if (!publication.hasNoEcho) this.#echoes.published(publication.topic, this.#sent);
  }

  /** Takes out what `pack` has gathered, in batches for the worker. */
  takeBatches(): readonly ArrayBuffer[] {
    const batches = this.#batches.splice(0);
    if (this.#writer.records > 0) batches.push(this.#writer.take());
    return batches;
  }

  /** The worker reports what became of publications. */
  settled({ completedUpTo, bytes, quarantined = [], released = [], refused }: PublishResults): void {
    this.#settledUpTo = completedUpTo;
    this.#bytes -= bytes;
    if (this.#isExhausted && !this.#uses(0.5)) {
      this.#isExhausted = false;
      this.#window.halfSettled(performance.now());
    }
    for (const topic of quarantined) {
      this.#quarantined.add(topic);
      // The worker has sent nothing, so no echo can be overdue.
      this.#echoes.arrived(topic);
    }
    for (const topic of released) {
      this.#quarantined.delete(topic);
      this.#echoes.published(topic, this.#settledUpTo);
    }
    for (const { topic } of refused) this.#quarantined.delete(topic);
  }

  /** The broker has delivered the echo of our last publish of the topic. */
  echoed(topic: string): void {
    this.#echoes.arrived(topic);
  }

  /** Takes out the topics whose echo is overdue at this time of `performance.now()`. */
  overdue(uptime: number): string[] {
    return this.#echoes.overdue(this.#settledUpTo, uptime);
  }

  /** Some echo is expected, and may become overdue. */
  get expectsEchoes(): boolean {
    return this.#echoes.size > 0;
  }

  /** Topics that wait, and publications that are not settled yet. */
  get unsettled(): number {
    return this.#waiting.size + this.#sent - this.#settledUpTo + this.#quarantined.size;
  }

  /** An estimate for the status: expected echoes, or unsettled publications, whichever are more. */
  get pending(): number {
    return Math.max(this.#echoes.size, this.#sent - this.#settledUpTo);
  }

  /** How often each bound held publications back. */
  get heldBack(): Readonly<Record<Bound, number>> {
    return this.#heldBack;
  }

  /** As many publishes of one topic are in flight as may be. */
  topicFull(): void {
    this.#heldBack.pending_of_topic++;
  }

  /** Whether the log is to say now that a bound was met. It says so from time to time only. */
  isLogDue(bound: Bound, uptime: number): boolean {
    return this.#throttle.isDue(bound, uptime);
  }

  /** The connection has ended, or a new one begins: nothing is in flight. */
  reset(): void {
    this.#waiting.clear();
    this.#sent = 0;
    this.#settledUpTo = 0;
    this.#bytes = 0;
    this.#isExhausted = false;
    this.#isPaced = false;
    this.#window.reset();
    this.#echoes.clear();
    this.#quarantined.clear();
    this.#batches.length = 0;
    this.#writer.clear();
  }

  /** Whether at least that share of the credit is in use. */
  #uses(share: number): boolean {
    return this.#sent - this.#settledUpTo >= this.credit * share || this.#bytes >= CREDIT_BYTES * share;
  }
}
