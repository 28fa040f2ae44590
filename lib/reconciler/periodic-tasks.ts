/**
 * What comes with time and not with a message: expirations, overdue echoes, blocked topics, unanswered questions,
 * what may be forgotten, the markers, and anti-entropy. No timer runs while nothing waits for it.
 */

import type { HybridClock } from '../core/version.ts';
import type { Committer } from './committer.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ApplyEvent, BringEvent } from './event-handler.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Verifier } from './verification/verifier.ts';

/** How often overdue echoes, blocked topics, expirations and the like are looked for, in milliseconds. */
const PERIOD = 1_000;

/** How often anti-entropy asks, in milliseconds. */
const ANTI_ENTROPY_PERIOD = 10_000;

export interface PeriodicTasksDeps {
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly clock: HybridClock;
  readonly dispatcher: Dispatcher;
  readonly verifier: Verifier;
  readonly committer: Committer;
  readonly apply: ApplyEvent;
  readonly bring: BringEvent;
}

export class PeriodicTasks {
  readonly #deps: PeriodicTasksDeps;
  #round: NodeJS.Timeout | undefined;
  #antiEntropy: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(deps: PeriodicTasksDeps) {
    this.#deps = deps;
  }

  /** Something may wait for time to pass from now on. */
  keep(): void {
    if (this.#hasEnded) return;
    if (this.#isWaitedFor()) this.#round ??= setTimeout(() => this.#goRound(), PERIOD);
    this.#antiEntropy ??= setTimeout(() => this.#scan(), ANTI_ENTROPY_PERIOD);
  }

  /** The rounds that are due are the last. */
  end(): void {
    this.#hasEnded = true;
  }

  close(): void {
    clearTimeout(this.#round);
    clearTimeout(this.#antiEntropy);
  }

  #isWaitedFor(): boolean {
    const { table, links } = this.#deps;
    if (table.waitsForTime) return true;
    for (const link of links) if (link.ready && link.isWaiting) return true;
    return false;
  }

  #goRound(): void {
    this.#round = undefined;
    const { table, links, dispatcher, verifier, committer } = this.#deps;
    const now = Date.now();
    const uptime = performance.now();
    this.#expire(now);
    for (const link of links) {
      if (!link.ready) continue;
      for (const topic of link.overdue(uptime)) {
        this.#deps.apply(topic, { kind: 'echo-overdue', broker: link.index });
      }
      for (const topic of link.blockedTopics.due(uptime)) link.due.add(topic);
      verifier.askAgain(link, uptime);
      dispatcher.offer(link);
      dispatcher.sayCounted(link, uptime);
    }
    table.forget(now);
    committer.save();
    this.keep();
  }

  #expire(now: number): void {
    const { table, clock, bring } = this.#deps;
    for (const topic of table.expiring(now)) {
      bring(topic, { kind: 'expired', newVersion: clock.next(now), now });
      table.expectExpiry(topic);
    }
  }

  #scan(): void {
    this.#antiEntropy = undefined;
    const { links, verifier, committer } = this.#deps;
    const uptime = performance.now();
    for (const link of links) verifier.startScan(link, ANTI_ENTROPY_PERIOD / 1000, uptime);
    committer.save();
    this.keep();
  }
}
