/**
 * Dispatch: what each broker lacks is sent to it, newest value only, as fast as it takes it; what it refuses
 * is tried again with growing distance.
 */

import type { Command, Event } from '../core/events.ts';
import { quoted } from '../core/printable.ts';
import { MAX_PENDING } from '../core/register.ts';
import type { HybridClock, Version } from '../core/version.ts';
import type { Log } from '../protocol/messages.ts';
import { BLOCKED_AFTER } from './links/blocks.ts';
import { type BrokerLink, CREDIT, CREDIT_BYTES } from './links/broker-link.ts';
import type { LoopDamper } from './loop-damper.ts';
import { MARKER_EXPIRY_MS } from './marker.ts';

export interface DispatcherDeps {
  readonly clock: HybridClock;
  /** Brings an event to a topic; returns whether it came to anything. */
  readonly apply: (topic: string, event: Event) => boolean;
  /** A broker does not take the topic, or takes it again. */
  readonly blockedOrNot: (topic: string) => void;
  readonly damper: LoopDamper;
  readonly log: Log;
}

export class Dispatcher {
  /** Nothing is offered before: every broker is to be seen first, or given up waiting for. */
  isOpen = false;
  readonly #deps: DispatcherDeps;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  /** Offers a broker the topics that wait for it, as long as it takes more. Returns whether any was published. */
  offer(link: BrokerLink): boolean {
    if (!this.isOpen) return false;
    const now = Date.now();
    const uptime = performance.now();
    let isAny = false;
    for (const topic of link.due) {
      if (!link.open) {
        if (link.ready) this.#saysHeldBack(link, uptime);
        break;
      }
      link.due.delete(topic);
      if (link.blocks.mustWait(topic, uptime)) continue;
      if (this.#deps.apply(topic, { kind: 'offered', broker: link.index, now })) isAny = true;
    }
    return isAny;
  }

  /** As many publishes of the topic are under way to the broker as may be. Its newest value goes there later. */
  full(link: BrokerLink, topic: string): void {
    link.heldBack.pending_of_topic++;
    if (!link.isWorthSaying('pending_of_topic', performance.now())) return;
    this.#deps.log(
      'info',
      `${link.name} has not shown ${MAX_PENDING} publishes of ${quoted(topic)} yet, as many as may be under way; the newest value waits`,
    );
  }

  #saysHeldBack(link: BrokerLink, uptime: number): void {
    if (!link.isWorthSaying('pending', uptime)) return;
    this.#deps.log(
      'info',
      `${link.name} is given no more at once than ${CREDIT} messages, or ${CREDIT_BYTES / 2 ** 20} MB; other topics wait, with their newest value only`,
    );
  }

  carryOut(link: BrokerLink, topic: string, command: Command): void {
    if (command.kind === 'probe') {
      link.probe(topic, command.occasion);
      return;
    }
    const { payload, properties, version, expiresAt } = command.message;
    const { retain, qos, confirm } = command;
    if (!retain) this.#deps.damper.passedOn(topic, payload, performance.now());
    link.publish({ topic, payload, properties, version, expiresAt, retain, qos, confirm });
  }

  /**
   * The broker has the topic as it should, or does not take it, for a reason.
   * @param how whether the log has the reason already
   */
  settled(
    link: BrokerLink,
    topic: string,
    failure: string | undefined,
    how: 'said' | 'unsaid' = 'unsaid',
  ): void {
    if (failure === undefined) {
      if (!link.blocks.succeeded(topic)) return;
      this.#deps.blockedOrNot(topic);
      this.#deps.log('info', `${link.name} takes ${quoted(topic)} again`);
      return;
    }
    if (link.blocks.failed(topic, performance.now()) !== BLOCKED_AFTER) return;
    this.#deps.blockedOrNot(topic);
    this.#deps.log(
      how === 'said' ? 'debug' : 'warn',
      `${link.name} does not take ${quoted(topic)} (${failure}); it is tried again from time to time`,
    );
  }

  /** The broker does not take the value that the topic has now, for a reason. */
  valueRefused(link: BrokerLink, topic: string, reason: string): void {
    const isNews = link.blocks.valueRefused(topic, performance.now());
    this.#deps.blockedOrNot(topic);
    if (!isNews) return;
    this.#deps.log('warn', `${link.name} does not take ${quoted(topic)}: ${reason}`);
  }

  /** Leaves the number of a commit at the broker. */
  writeMarker(link: BrokerLink, commit: number, uptime: number): void {
    const { key } = link.state;
    if (key === undefined) return;
    const version = this.#publishMarker(link, key.payloadOf(commit));
    link.marker.write(commit, version, uptime);
  }

  eraseMarker(link: BrokerLink): void {
    this.#publishMarker(link, '');
  }

  #publishMarker(link: BrokerLink, payload: string): Version {
    const now = Date.now();
    const version = this.#deps.clock.next(now);
    if (link.markerTopic === undefined) return version;
    link.publish({
      topic: link.markerTopic,
      payload,
      properties: undefined,
      version,
      expiresAt: now + MARKER_EXPIRY_MS,
      retain: true,
      qos: 1,
      confirm: true,
    });
    return version;
  }
}
