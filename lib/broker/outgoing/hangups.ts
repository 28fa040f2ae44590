/**
 * What is learnt of a broker that hangs up: which topics, how large a packet, and how many levels it does not take. Lives
 * as long as the actor, so that a conclusion outlives the connection that it was drawn on.
 */

import { quoted } from '../../core/printable.ts';
import type { Refusal } from '../../protocol/messages.ts';
import { LevelLimit, levelsOf } from '../capabilities/level-limit.ts';
import { Quarantine, type Route } from './quarantine.ts';
import { SizeLimit } from '../capabilities/size-limit.ts';

/** A publish that has been sent. */
export interface Sent {
  readonly topic: string;
  /** Of its packet, in bytes; 0 with QoS 0, which is not acknowledged. */
  readonly size: number;
}

/** Why a publication is not sent. */
export type PublishFailure = Pick<Refusal, 'reason' | 'scope' | 'isLogged'>;

/** What the user says that the broker takes. */
export interface ConfiguredLimits {
  readonly maxLevels: number;
  /** Bytes. */
  readonly maxTopicLength: number;
}

/** Topics that are named in the log in so many milliseconds; of those beyond nothing is said. */
const NAMED_TOPICS = 50;
const NAMED_PERIOD_MS = 10 * 60_000;

export class Hangups {
  readonly #size = new SizeLimit();
  readonly #levels = new LevelLimit();
  readonly #quarantine = new Quarantine();
  readonly #configured: ConfiguredLimits;
  readonly #say: (message: string) => void;
  #named = 0;
  #namedSince = 0;
  /** What the broker acknowledged last: it may hang up on that yet. */
  #last: string | undefined;

  /** @param say a warning */
  constructor(configured: ConfiguredLimits, say: (message: string) => void) {
    this.#configured = configured;
    this.#say = say;
  }

  /** Topics in quarantine. */
  get quarantined(): number {
    return this.#quarantine.size;
  }

  routeOf(topic: string, now: number): Route {
    const route = this.#quarantine.size === 0 ? 'free' : this.#quarantine.routeOf(topic, now);
    return route === 'free' && this.isTooDeep(topic) ? 'quarantine' : route;
  }

  /** Whether the topic has more levels than the broker takes, as far as is learnt. */
  isTooDeep(topic: string): boolean {
    const { levels } = this.#levels;
    return levels < Number.POSITIVE_INFINITY && levelsOf(topic) > levels;
  }

  /** Why the topic is not to be sent, if that is known without a trial. */
  refusalOf(topic: string, now: number): PublishFailure | undefined {
    const { maxLevels, maxTopicLength } = this.#configured;
    if (maxLevels < Number.POSITIVE_INFINITY && levelsOf(topic) > maxLevels) {
      const reason = `it has ${levelsOf(topic)} levels, more than the ${maxLevels} of maxLevels`;
      return { reason, scope: 'topic', isLogged: false };
    }
    if (maxTopicLength < Number.POSITIVE_INFINITY && Buffer.byteLength(topic) > maxTopicLength) {
      const reason = `its topic is longer than the ${maxTopicLength} bytes of maxTopicLength`;
      return { reason, scope: 'topic', isLogged: false };
    }
    if (this.isTooDeep(topic) && this.#levels.refuses(topic, now)) return this.tooDeep;
    if (this.routeOf(topic, now) !== 'barred') return undefined;
    return { reason: 'the broker hangs up on it', scope: 'topic', isLogged: true };
  }

  /** The largest packet that the broker is believed to take, in bytes; Infinity where it takes all. */
  sizeLimit(now: number): number {
    return this.#size.limit(now);
  }

  acknowledged({ topic, size }: Sent): void {
    this.#size.acknowledged(size);
    if (this.#last !== undefined && this.#last !== topic) this.#levels.taken(this.#last);
    this.#last = topic;
  }

  /** The broker took a topic in a trial. */
  taken(topic: string): void {
    this.#quarantine.taken(topic);
    this.#levels.taken(topic);
  }

  /** The broker hung up while these were in flight, or had just been acknowledged. */
  hungUp(suspects: readonly Sent[], now: number): void {
    this.#last = undefined;
    this.#sizeStrike(suspects, now);
    const free = suspects.filter(({ topic }) => this.#quarantine.routeOf(topic, now) !== 'barred');
    this.#quarantine.hungUp(new Set(free.map(({ topic }) => topic)));
  }

  /** The broker never acknowledges these topics: that holds up all others as a hang-up does. */
  unanswered(topics: readonly string[]): void {
    this.#quarantine.hungUp(topics);
  }

  /** The broker hung up on this one alone. Returns why it is not to be sent; undefined where it is to be tried again. */
  hungUpOnAlone(sent: Sent, now: number): PublishFailure | undefined {
    if (this.#size.isAboveKnownSize(sent.size)) {
      if (!this.#sizeStrike([sent], now)) return undefined;
      this.#quarantine.taken(sent.topic);
      return {
        reason: `its packet has ${sent.size} bytes, and the broker hangs up on it`,
        scope: 'value',
        isLogged: false,
      };
    }
    if (!this.#quarantine.hungUpOnAlone(sent.topic, now)) return undefined;
    const { topic } = sent;
    this.#sayBarred(
      topic,
      `the broker hangs up on messages to ${quoted(topic)}, also when it is sent nothing else`,
      now,
    );
    const levels = this.#levels.hungUpOn(sent.topic, now);
    if (levels !== undefined) {
      this.#say(
        `the broker hangs up on topics of more than ${levels} levels: it hung up on several of them, each alone, and took none; none is sent, one is tried every 10 min; maxLevels sets the limit`,
      );
    }
    return { reason: 'the broker hangs up on it', scope: 'topic', isLogged: true };
  }

  /** Why a topic is not sent that has too many levels. */
  get tooDeep(): PublishFailure {
    const reason = `the broker hangs up on topics of more than ${this.#levels.levels} levels`;
    return { reason, scope: 'topic', isLogged: true };
  }

  #sizeStrike(suspects: readonly Sent[], now: number): boolean {
    const sizes = suspects.map(({ size }) => size).filter(size => size > 0);
    const size = this.#size.hungUp(sizes, now);
    if (size === undefined) return false;
    this.#say(`the broker hangs up on packets of ${size} bytes; none so large is sent for a while`);
    return true;
  }

  #sayBarred(topic: string, what: string, now: number): void {
    if (!this.#quarantine.isBarredFirst(topic)) return;
    if (now - this.#namedSince > NAMED_PERIOD_MS) {
      this.#named = 0;
      this.#namedSince = now;
    }
    if (++this.#named > NAMED_TOPICS) return;
    const seconds = Math.round(this.#quarantine.barredFor(topic, now) / 1000);
    const more = this.#named === NAMED_TOPICS ? '; others are not named for ten minutes' : '';
    this.#say(`${what}; trying again in ${seconds} s${more}`);
  }
}
