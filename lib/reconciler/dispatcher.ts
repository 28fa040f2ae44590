/**
 * Dispatch: what each broker lacks is sent to it, newest value only, as fast as it takes it; what it refuses
 * is tried again with growing distance.
 */

import type { Command, Event } from '../core/events.ts';
import { quoted } from '../core/printable.ts';
import { MAX_PENDING } from '../core/register.ts';
import type { HybridClock, Version } from '../core/version.ts';
import type { Log, Refusal } from '../protocol/messages.ts';
import { BLOCKED_AFTER, type Cause } from './links/blocked-topics.ts';
import { type BrokerLink, CREDIT, CREDIT_BYTES, type DigestKind } from './links/broker-link.ts';
import { MARKER_EXPIRY_MS } from './links/marker.ts';
import type { LoopDamper } from './loop-damper.ts';
import type { TopicTable } from './topics/topic-table.ts';

/** Why a broker does not take a topic. */
export interface Failure {
  readonly cause: Exclude<Cause, 'value'>;
  readonly reason: string;
  /** The log has the reason already. */
  readonly isLogged?: boolean;
}

/** Why a broker does not take one value. */
type ValueRefusal = Pick<Refusal, 'reason' | 'isTransient'>;

export interface DispatcherDeps {
  readonly table: Pick<TopicTable, 'get'>;
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
      if (link.gap.isOpen && this.#mayOverwrite(link, topic) && link.gap.holds(topic)) continue;
      const isTransientOnly = link.blockedTopics.mustWait(topic, uptime);
      if (isTransientOnly && !link.blockedTopics.takesTransient(topic)) continue;
      if (this.#deps.apply(topic, { kind: 'offered', broker: link.index, isTransientOnly, now }))
        isAny = true;
    }
    return isAny;
  }

  /** The winner is from the first contact, and the broker may retain a message of its own there, which it has not shown. */
  #mayOverwrite({ index }: BrokerLink, topic: string): boolean {
    const register = this.#deps.table.get(topic)?.register;
    const isOld = register?.winner?.version.time === 0;
    return isOld && (register?.held[index] ?? 'unknown') === 'unknown';
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

  execute(link: BrokerLink, topic: string, command: Command): void {
    if (command.kind === 'probe') {
      link.probe(topic, command.priority);
      return;
    }
    const { payload, properties, version, messageExpiresAt } = command.message;
    const { retain, qos, confirm } = command;
    if (!retain) this.#deps.damper.passedOn(topic, payload, performance.now());
    link.publish({ topic, payload, properties, version, expiresAt: messageExpiresAt, retain, qos, confirm });
  }

  /** The broker has the topic as it should. */
  confirmed(link: BrokerLink, topic: string): void {
    const uptime = performance.now();
    if (!link.blockedTopics.succeeded(topic, uptime)) return;
    this.#deps.blockedOrNot(topic);
    this.#say(link, 'taken', quoted(topic), () => `${link.name} takes ${quoted(topic)} again`);
  }

  /** The broker does not take the topic. */
  failed(link: BrokerLink, topic: string, { cause, reason, isLogged = false }: Failure): void {
    if (link.blockedTopics.failed(topic, performance.now(), cause) !== BLOCKED_AFTER) return;
    this.#deps.blockedOrNot(topic);
    const line = () =>
      `${link.name} does not take ${quoted(topic)} (${reason}); it is tried again from time to time`;
    if (isLogged) this.#deps.log('debug', line());
    else this.#say(link, 'not taken', `${quoted(topic)} (${reason})`, line);
  }

  /** The broker does not take the value that the topic has now, or a transient one. */
  valueRefused(link: BrokerLink, topic: string, { reason, isTransient = false }: ValueRefusal): void {
    const line = () => `${link.name} does not take ${quoted(topic)}: ${reason}`;
    const example = `${quoted(topic)} (${reason})`;
    // A transient value is not sent again, so nothing has to wait.
    if (isTransient) {
      this.#say(link, 'not taken', example, line);
      return;
    }
    const isNews = link.blockedTopics.valueRefused(topic, performance.now());
    this.#deps.blockedOrNot(topic);
    if (isNews) this.#say(link, 'not taken', example, line);
  }

  /** Says together what was counted, where it is time. */
  sayCounted(link: BrokerLink, uptime: number): void {
    const { 'not taken': notTaken, taken } = link.digests;
    const refused = notTaken.take(uptime);
    if (refused !== undefined)
      this.#deps.log(
        'warn',
        `${link.name} does not take ${refused.count} more messages, such as ${refused.example}; their topics are tried again from time to time; the status page lists all`,
      );
    const again = taken.take(uptime);
    if (again !== undefined)
      this.#deps.log('info', `${link.name} takes ${again.count} more topics again, such as ${again.example}`);
  }

  #say(link: BrokerLink, what: DigestKind, example: string, line: () => string): void {
    if (link.digests[what].isLoggedAlone(example, performance.now()))
      this.#deps.log(what === 'taken' ? 'info' : 'warn', line());
  }

  /** Leaves the number of a commit at the broker. */
  writeMarker(link: BrokerLink, commit: number, uptime: number): void {
    const { key } = link.state;
    if (key === undefined) return;
    const version = this.#publishMarker(link, key.payloadOf(commit));
    link.marker.write(commit, version, uptime);
  }

  deleteMarker(link: BrokerLink): void {
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
