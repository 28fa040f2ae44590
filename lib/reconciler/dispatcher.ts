/**
 * Dispatch: each broker is sent what it lacks, the newest value only, as fast as the broker takes it. The core decides what a broker
 * lacks (core/offer.ts). What is dispatched leaves with the next commit.
 */

import type { Publish } from '../core/events.ts';
import { lacks } from '../core/offer.ts';
import { quoted } from '../core/printable.ts';
import { MAX_PENDING } from '../core/register.ts';
import type { Histogram } from '../protocol/histogram.ts';
import type { Log } from '../protocol/messages.ts';
import type { Committer } from './committer.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import { CREDIT_BYTES } from './links/publish-flow.ts';
import type { LoopDamper } from './loop-damper.ts';
import type { Counters } from './topics/counters.ts';
import type { TopicTable } from './topics/topic-table.ts';

/** At a limited rate a broker is offered more this often: each time costs a commit. */
const RATE_PERIOD_MS = 100;

export interface DispatcherDeps {
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly committer: Pick<Committer, 'commitAndSend'>;
  readonly damper: Pick<LoopDamper, 'passedOn'>;
  /** By effect. */
  readonly counters: Counters;
  /** Seconds that ticks took. */
  readonly ticks: Histogram;
  readonly log: Log;
}

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  #isOpen = false;
  /** Brokers that are offered more when the rate permits it. */
  readonly #later = new Set<BrokerLink>();

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  /** The first contact is over: every broker was seen, or was waited for. From now on brokers are published to. */
  open(): void {
    this.#isOpen = true;
    for (const link of this.#deps.links) this.pump(link);
  }

  /**
   * Topics that changed since the last tick go to the brokers that lack something of them. The broker at which a message was
   * written already holds it, and gets no offer. If a publish of ours is pending there, the broker gets the message back.
   */
  tick(topics: ReadonlySet<string>): void {
    const { table, links, committer, ticks } = this.#deps;
    const begin = performance.now();
    const ready = [...links].filter(({ session }) => session.isReady);
    for (const topic of topics) {
      const register = table.get(topic)?.register;
      if (register === undefined) continue;
      for (const { index, flow } of ready) if (lacks(register, index)) flow.add(topic);
    }
    for (const link of ready) this.offer(link);
    committer.commitAndSend();
    ticks.observe((performance.now() - begin) / 1000);
  }

  /** Offers a broker every topic of which it may lack something. */
  offerAll(link: BrokerLink): void {
    for (const topic of this.#deps.table.lackingAt(link.index)) link.flow.add(topic);
    this.pump(link);
  }

  /** Sends a broker what waits for it. */
  pump(link: BrokerLink): void {
    if (this.offer(link) || link.hasProbes) this.#deps.committer.commitAndSend();
  }

  /** Offers a broker the topics that wait for it, for as long as there is credit. Returns whether any was published. */
  offer(link: BrokerLink): boolean {
    if (!this.#isOpen || !link.session.isReady) return false;
    const { flow, gap, blockedTopics } = link;
    const now = Date.now();
    const uptime = performance.now();
    let isAnyPublished = false;
    for (const topic of flow.takeWaiting(uptime)) {
      if (gap.isOpen && this.#mayOverwrite(link, topic) && gap.letWait(topic)) continue;
      const isTransientOnly = blockedTopics.mustWait(topic, uptime);
      if (isTransientOnly && !blockedTopics.takesTransient(topic)) continue;
      if (this.#offerTopic(link, topic, isTransientOnly, now)) isAnyPublished = true;
    }
    if (flow.isHeldBack) this.#logHeldBack(link, uptime);
    const rateWait = flow.rateWait(performance.now());
    if (rateWait !== undefined) this.#offerLater(link, rateWait);
    return isAnyPublished;
  }

  /** The topics that wait then have their newest values. */
  #offerLater(link: BrokerLink, rateWait: number): void {
    if (this.#later.has(link)) return;
    this.#later.add(link);
    const { name, flow } = link;
    if (flow.isLogDue('rate', performance.now()))
      this.#deps.log(
        'info',
        `${name}: more changes than the rate of maxRate or maxBytesPerSecond permits; topics wait, each with its newest value only`,
      );
    setTimeout(
      () => {
        this.#later.delete(link);
        this.pump(link);
      },
      Math.max(RATE_PERIOD_MS, rateWait),
    ).unref();
  }

  #offerTopic(link: BrokerLink, topic: string, isTransientOnly: boolean, now: number): boolean {
    const { table, counters } = this.#deps;
    const event = { kind: 'offered', broker: link.index, isTransientOnly, now } as const;
    const { effect, commands } = table.apply(topic, event);
    counters.count(effect);
    if (effect === 'full') this.#topicIsFull(link, topic);
    else if (effect === 'probing') link.probes.promote(topic);
    for (const command of commands) if (command.kind === 'publish') this.#publish(link, topic, command);
    return effect === 'published';
  }

  #publish(link: BrokerLink, topic: string, { message, retain, qos, hasNoEcho }: Publish): void {
    const { payload, properties, version, messageExpiresAt: expiresAt } = message;
    if (!retain) this.#deps.damper.passedOn(topic, payload, performance.now());
    link.flow.pack({ topic, payload, properties, version, expiresAt, retain, qos, hasNoEcho });
  }

  /** The winner is from the first contact, and the broker may retain a message of its own there that it has not shown. */
  #mayOverwrite({ index }: BrokerLink, topic: string): boolean {
    const register = this.#deps.table.get(topic)?.register;
    const isOfFirstContact = register?.winner?.version.time === 0;
    return isOfFirstContact && (register?.held[index] ?? 'unknown') === 'unknown';
  }

  /** MAX_PENDING publishes of this topic are pending. When one of them is confirmed, the topic is offered again. */
  #topicIsFull({ name, flow }: BrokerLink, topic: string): void {
    flow.topicFull();
    if (!flow.isLogDue('pending_of_topic', performance.now())) return;
    this.#deps.log(
      'info',
      `${name}: ${MAX_PENDING} publishes of ${quoted(topic)} are unconfirmed (the limit); only its newest value waits`,
    );
  }

  #logHeldBack({ name, flow }: BrokerLink, uptime: number): void {
    if (!flow.isLogDue('pending', uptime)) return;
    this.#deps.log(
      'info',
      `${name}: ${flow.credit} publishes or ${CREDIT_BYTES / 2 ** 20} MB are unconfirmed (the limit); other topics wait, each with its newest value only`,
    );
  }
}
