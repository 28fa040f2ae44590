/**
 * What is learned of a broker that hangs up: which topics, which packet size, and how many levels it does not accept. Lives as
 * long as the actor, so that a conclusion outlives its connection.
 */

import { quoted } from '../../core/printable.ts';
import type { Refusal } from '../../protocol/messages.ts';
import { NameMap, type Names } from '../../routes/name-map.ts';
import { LevelLimit, levelsOf } from '../capabilities/level-limit.ts';
import { SizeLimit } from '../capabilities/size-limit.ts';
import { Quarantine, type Route } from './quarantine.ts';

/** A publish that was sent. */
export interface Sent {
  readonly topic: string;
  /** Bytes of its packet; 0 with QoS 0, which is not acknowledged. */
  readonly size: number;
}

/** Why a publication is not sent. */
export type PublishFailure = Pick<Refusal, 'reason' | 'scope' | 'isLogged'>;

/** The limits of the broker that the user configured. */
export interface ConfiguredLimits {
  readonly maxLevels: number;
  /** Bytes. */
  readonly maxTopicLength: number;
  /** False if the broker keeps a retained message although an empty one follows; it does not unless given. */
  readonly acceptsDeletions?: boolean;
  /** The names of topics there; undefined if they are the same as everywhere. */
  readonly names?: Names | undefined;
}

/** Topics that the log names in one period. The reconciler counts the later ones, and logs their number. */
const MAX_NAMED_TOPICS = 5;
const NAMING_PERIOD_MS = 10 * 60_000;

export class Hangups {
  readonly #size = new SizeLimit();
  readonly #levels = new LevelLimit();
  readonly #quarantine = new Quarantine();
  readonly #configured: ConfiguredLimits;
  readonly #map: NameMap | undefined;
  readonly #warn: (message: string) => void;
  #named = 0;
  #namedSince = 0;
  /** The topic that the broker acknowledged last: it may still hang up on it. */
  #last: string | undefined;

  constructor(configured: ConfiguredLimits, warn: (message: string) => void) {
    this.#configured = configured;
    this.#map = configured.names && new NameMap(configured.names);
    this.#warn = warn;
  }

  /** Topics in quarantine. */
  get quarantined(): number {
    return this.#quarantine.size;
  }

  /** Learned from what the broker hung up on; Infinity where nothing is known. */
  learned(now: number): { readonly levels: number; readonly packetBytes: number } {
    return { levels: this.#levels.levels, packetBytes: this.#size.limit(now) };
  }

  routeOf(topic: string, now: number): Route {
    const route = this.#quarantine.size === 0 ? 'free' : this.#quarantine.routeOf(topic, now);
    return route === 'free' && this.isTooDeep(topic) ? 'quarantine' : route;
  }

  /** Whether the topic has more levels than the broker accepts, as far as is known. */
  isTooDeep(topic: string): boolean {
    const { levels } = this.#levels;
    return levels < Number.POSITIVE_INFINITY && levelsOf(topic) > levels;
  }

  /** Why the topic is not sent; undefined if it has to be sent to find out. */
  refusalOf(topic: string, now: number): PublishFailure | undefined {
    const { maxLevels, maxTopicLength } = this.#configured;
    const name = this.#map === undefined ? topic : (this.#map.toLocal(topic) ?? topic);
    if (maxLevels < Number.POSITIVE_INFINITY && levelsOf(name) > maxLevels) {
      const reason = `it has ${levelsOf(name)} levels, more than the ${maxLevels} of maxLevels`;
      return { reason, scope: 'topic', isLogged: false };
    }
    if (maxTopicLength < Number.POSITIVE_INFINITY && Buffer.byteLength(name) > maxTopicLength) {
      const reason = `its topic is longer than the ${maxTopicLength} bytes of maxTopicLength`;
      return { reason, scope: 'topic', isLogged: false };
    }
    if (this.isTooDeep(topic) && this.#levels.refuses(topic, now)) return this.tooDeep;
    if (this.routeOf(topic, now) !== 'barred') return undefined;
    return { reason: 'the broker hangs up on it', scope: 'topic', isLogged: true };
  }

  /** Bytes of the largest packet to be sent; Infinity where no limit is known. */
  sizeLimit(now: number): number {
    return this.#size.limit(now);
  }

  acknowledged({ topic, size }: Sent): void {
    this.#size.acknowledged(size);
    if (this.#last !== undefined && this.#last !== topic) this.#levels.accepted(this.#last);
    this.#last = topic;
  }

  /** The broker accepted a quarantined topic. */
  accepted(topic: string): void {
    this.#quarantine.accepted(topic);
    this.#levels.accepted(topic);
  }

  /** The broker hung up while these were in flight, or had just been acknowledged. */
  hungUp(possibleCauses: readonly Sent[], now: number): void {
    this.#last = undefined;
    this.#sizeStrike(possibleCauses, now);
    const free = possibleCauses.filter(({ topic }) => this.#quarantine.routeOf(topic, now) !== 'barred');
    this.#quarantine.hungUp(new Set(free.map(({ topic }) => topic)));
  }

  /** The broker never acknowledges these topics. That holds up all others, like a hang-up. */
  unacknowledged(topics: readonly string[]): void {
    this.#quarantine.hungUp(topics);
  }

  /** The broker hung up on this publish alone. Returns why it is no longer sent; undefined if it is sent again. */
  hungUpOnAlone(sent: Sent, now: number): PublishFailure | undefined {
    if (this.#size.isAboveKnownSize(sent.size)) {
      if (!this.#sizeStrike([sent], now)) return undefined;
      this.#quarantine.accepted(sent.topic);
      return {
        reason: `its packet has ${sent.size} bytes, and the broker hangs up on it`,
        scope: 'value',
        isLogged: false,
      };
    }
    if (!this.#quarantine.hungUpOnAlone(sent.topic, now)) return undefined;
    const { topic } = sent;
    this.#logBarred(topic, now);
    const levels = this.#levels.hungUpOn(sent.topic, now);
    if (levels !== undefined) {
      this.#warn(
        `the broker hangs up on topics of more than ${levels} levels: it hung up on several, each sent alone, and accepted none; mqttrep sends no such topic, but tries one every 10 min (maxLevels sets the limit)`,
      );
    }
    return { reason: 'the broker hangs up on it', scope: 'topic', isLogged: true };
  }

  /** Why a topic with too many levels is not sent. */
  get tooDeep(): PublishFailure {
    const reason = `the broker hangs up on topics of more than ${this.#levels.levels} levels`;
    return { reason, scope: 'topic', isLogged: true };
  }

  #sizeStrike(possibleCauses: readonly Sent[], now: number): boolean {
    const sizes = possibleCauses.map(({ size }) => size).filter(size => size > 0);
    const size = this.#size.hungUp(sizes, now);
    if (size === undefined) return false;
    this.#warn(`the broker hangs up on packets of ${size} bytes; mqttrep sends none of that size for 10 min`);
    return true;
  }

  #logBarred(topic: string, now: number): void {
    if (!this.#quarantine.isBarredFirst(topic)) return;
    if (now - this.#namedSince > NAMING_PERIOD_MS) {
      this.#named = 0;
      this.#namedSince = now;
    }
    if (++this.#named > MAX_NAMED_TOPICS) return;
    const seconds = Math.round(this.#quarantine.barredFor(topic, now) / 1000);
    const more = this.#named === MAX_NAMED_TOPICS ? '; further topics are counted' : '';
    this.#warn(
      `the broker hangs up on messages to ${quoted(topic)}, also when each is sent alone; retrying in ${seconds} s${more}`,
    );
  }
}
