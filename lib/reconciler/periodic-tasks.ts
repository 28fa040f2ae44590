/**
 * What comes with time and not with a message: expiries, overdue echoes, retries of blocked topics and of probes, topics to be
 * forgotten, markers, and anti-entropy. No timer runs while nothing waits for it.
 */

import type { HybridClock } from '../core/version.ts';
import type { Committer } from './committer.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { PublishOutcomes } from './links/publish-outcomes.ts';
import type { ApplyEvent } from './topics/topic-event.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Verifier } from './verification/verifier.ts';

/** Milliseconds between two rounds over what may be overdue. */
const ROUND_PERIOD_MS = 1_000;

/** Milliseconds between two scans of anti-entropy. */
const ANTI_ENTROPY_PERIOD_MS = 10_000;

export interface PeriodicTasksDeps {
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly clock: HybridClock;
  readonly dispatcher: Dispatcher;
  readonly outcomes: PublishOutcomes;
  readonly verifier: Verifier;
  readonly committer: Committer;
  readonly applyEvent: ApplyEvent;
}

export class PeriodicTasks {
  readonly #deps: PeriodicTasksDeps;
  #round: NodeJS.Timeout | undefined;
  #antiEntropy: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(deps: PeriodicTasksDeps) {
    this.#deps = deps;
  }

  /** Starts the timers if something waits for a time. */
  schedule(): void {
    if (this.#hasEnded) return;
    if (this.#isWaitedFor()) this.#round ??= setTimeout(() => this.#goRound(), ROUND_PERIOD_MS);
    this.#antiEntropy ??= setTimeout(() => this.#scan(), ANTI_ENTROPY_PERIOD_MS);
  }

  /** No round begins after those that are due. */
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
    for (const link of links)
      if (link.inboundCredit.isHeld || (link.session.isReady && link.isWaiting)) return true;
    return false;
  }

  #goRound(): void {
    this.#round = undefined;
    const { table, links, committer } = this.#deps;
    const now = Date.now();
    const uptime = performance.now();
    this.#expire(now);
    for (const link of links) {
      link.worker.credit(link.inboundCredit.overdue(uptime));
      if (link.session.isReady) this.#lookAfter(link, uptime);
    }
    table.forget(now);
    committer.commitAndSend();
    this.schedule();
  }

  #lookAfter(link: BrokerLink, uptime: number): void {
    const { dispatcher, outcomes, verifier, applyEvent } = this.#deps;
    for (const topic of link.flow.overdue(uptime)) {
      applyEvent(topic, { kind: 'echo-overdue', broker: link.index });
    }
    for (const topic of link.blockedTopics.due(uptime)) link.flow.add(topic);
    verifier.retryProbes(link, uptime);
    dispatcher.offer(link);
    outcomes.logCounted(link, uptime);
  }

  #expire(now: number): void {
    const { table, clock, applyEvent } = this.#deps;
    for (const topic of table.times.expiring.due(now)) {
      applyEvent(topic, { kind: 'expired', newVersion: clock.next(now), now });
      table.expectExpiry(topic);
    }
  }

  #scan(): void {
    this.#antiEntropy = undefined;
    const { links, verifier, committer } = this.#deps;
    const uptime = performance.now();
    for (const link of links) verifier.startScan(link, ANTI_ENTROPY_PERIOD_MS / 1_000, uptime);
    committer.commitAndSend();
    this.schedule();
  }
}
