/** The last conflicts, and how many of them each comparator decided. Bounded: the oldest makes room. */

import type { MergeChain } from '../../core/merge-chain.ts';
import { compileDecider, type Decider, type Decoders } from '../../core/merge-order.ts';
import type { Message } from '../../core/message.ts';
import type { Conflict } from '../../core/outcome.ts';
import type { Policy } from '../../core/policy.ts';
import { Counters } from '../topics/counters.ts';
import { type Excerpt, excerptOf } from './shown-value.ts';

/** Conflicts that are kept. */
const MAX_LOGGED = 1_000;

export interface LoggedConflict {
  /** Counts from 1. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly topic: string;
  readonly winner: Excerpt;
  readonly loser: Excerpt;
  readonly decidedBy: string;
}

export class ConflictLog {
  #last = 0;
  readonly #counts = new Counters();
  #decoders: Decoders;
  readonly #deciders = new Map<MergeChain, Decider>();
  /** A ring: conflict `n` stands at `n % MAX_LOGGED`. */
  readonly #ring: LoggedConflict[] = [];

  constructor(decoders: Decoders) {
    this.#decoders = decoders;
  }

  /** The number of the newest conflict. */
  get last(): number {
    return this.#last;
  }

  /** By the comparator that decided. */
  get counts(): Readonly<Record<string, number>> {
    return this.#counts.counts;
  }

  /** Other merge chains decide from now on, which read these formats. */
  decodeBy(decoders: Decoders): void {
    this.#decoders = decoders;
    this.#deciders.clear();
  }

  note(topic: string, { winner, loser }: Conflict, { chain }: Policy): void {
    const decidedBy = this.deciderBetween(chain, winner, loser);
    this.#counts.count(decidedBy);
    const number = ++this.#last;
    this.#ring[number % MAX_LOGGED] = {
      number,
      at: Date.now(),
      topic,
      winner: excerptOf(winner),
      loser: excerptOf(loser),
      decidedBy,
    };
  }

  /** The comparator of a merge chain that decides between two messages. */
  deciderBetween(chain: MergeChain, a: Message, b: Message): string {
    return this.#decider(chain)(a, b);
  }

  /** The conflicts after a number, newest first, so many at most. */
  after(number: number, most: number): LoggedConflict[] {
    return this.#newestFirst(most, conflict => conflict.number > number);
  }

  /** The conflicts of a topic, newest first, so many at most. */
  of(topic: string, most: number): LoggedConflict[] {
    return this.#newestFirst(most, conflict => conflict.topic === topic);
  }

  #newestFirst(most: number, isSelected: (conflict: LoggedConflict) => boolean): LoggedConflict[] {
    const found: LoggedConflict[] = [];
    const oldest = Math.max(0, this.#last - MAX_LOGGED);
    for (let number = this.#last; number > oldest && found.length < most; number--) {
      const conflict = this.#ring[number % MAX_LOGGED];
      if (conflict !== undefined && isSelected(conflict)) found.push(conflict);
    }
    return found;
  }

  #decider(chain: MergeChain): Decider {
    const known = this.#deciders.get(chain);
    if (known !== undefined) return known;
    const made = compileDecider(chain, this.#decoders);
    this.#deciders.set(chain, made);
    return made;
  }
}
