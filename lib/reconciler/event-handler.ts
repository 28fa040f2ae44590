/** One event for one topic: brought to the core's `step`, and what came of it carried out. */

import type { Event, Observed, Probed } from '../core/events.ts';
import type { Conflict, Effect, Outcome } from '../core/outcome.ts';
import { has } from '../core/policy.ts';
import { isInSync, pendingAt, type Register, willHold } from '../core/register.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { ConflictLog } from './inspection/conflict-log.ts';
import type { Trash } from './inspection/trash.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { LoopDamper } from './loop-damper.ts';
import type { Changed } from './streams.ts';
import type { Counters } from './topics/counters.ts';
import type { TopicTable } from './topics/topic-table.ts';

export interface TopicEvent {
  readonly topic: string;
  readonly event: Event;
}

/** Brings an event to a topic. */
export type ApplyEvent = (topic: string, event: Event) => void;

/** The same, and has the topic sampled if that changes what brokers should hold. */
export type BringEvent = (topic: string, event: Event) => void;

/** What says that the broker has another message than before. */
const CHANGES: ReadonlySet<Effect> = new Set(['won', 'lost', 'echo']);

/** What a message comes to that counts as retained, though it does not say so. */
const SHOWS: ReadonlySet<Effect> = new Set(['won', 'lost', 'repeated']);

export interface EventHandlerDeps {
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly conflicts: ConflictLog;
  readonly trash: Trash;
  readonly dispatcher: Dispatcher;
  readonly damper: LoopDamper;
  /** By effect. */
  readonly counters: Counters;
}

export class EventHandler {
  readonly #deps: EventHandlerDeps;

  constructor(deps: EventHandlerDeps) {
    this.#deps = deps;
  }

  /** Returns whether the topic is to be sampled: some broker may lack something now. */
  apply(topic: string, event: Event): Changed {
    const { table, links, dispatcher, damper, counters } = this.#deps;
    if (damper.isHolding && event.kind === 'observed' && !isEcho(table.get(topic)?.register, event))
      damper.arrives(topic, event.payload, performance.now());
    const outcome = table.apply(topic, event);
    counters.count(outcome.effect);
    if (outcome.conflict !== undefined) this.#conflicted(topic, outcome.conflict);
    for (const command of outcome.commands) dispatcher.execute(links.at(command.broker), topic, command);
    if (event.kind === 'observed') this.#delivered(topic, event, outcome);
    switch (outcome.effect) {
      case 'idle':
        return false;
      case 'full':
        dispatcher.full(links.at((event as { broker: number }).broker), topic);
        return false;
      case 'probing':
        links.at((event as { broker: number }).broker).promoteProbe(topic);
        return false;
      case 'published':
        return true;
      case 'won':
        this.#noteInferred(topic, event, outcome.register);
        this.#valueChanged(topic, 'retained');
        for (const link of links) link.seen(topic);
        if (isDeletionHeard(event, outcome)) links.at(event.broker).guard.heard(performance.now());
        return lacksSomewhere(outcome);
      case 'transient':
        this.#valueChanged(topic, 'transient');
        this.#noteInferred(topic, event, outcome.register);
        return !this.#isHeld(topic, event) && lacksSomewhere(outcome);
      case 'expired':
        this.#valueChanged(topic, 'retained');
        for (const link of links) link.seen(topic);
        return lacksSomewhere(outcome);
      case 'echo':
        return this.#echoed(topic, outcome.register, (event as { broker: number }).broker);
      default:
        return lacksSomewhere(outcome);
    }
  }

  /** Where the topic is blocked, its new value may be a reason to try it. */
  #valueChanged(topic: string, kind: 'retained' | 'transient'): void {
    for (const { blockedTopics } of this.#deps.links) {
      if (blockedTopics.size > 0) blockedTopics.valueChanged(topic, kind, performance.now());
    }
  }

  /** What met another write at the broker has to be looked at; what is to be looked at has to be quiet before. */
  #delivered(topic: string, { broker, retained, replay }: Observed, { effect, raced }: Outcome): void {
    const { links, table } = this.#deps;
    const link = links.at(broker);
    if (replay && retained !== false && link.state.shown(topic)) table.putBack([topic]);
    if (retained === true || (retained === undefined && SHOWS.has(effect))) link.seen(topic);
    if (raced) link.racedWrites++;
    const isChange = CHANGES.has(effect) && link.antiEntropy.isInferred(topic);
    if (raced || isChange) link.antiEntropy.inferred(topic, performance.now());
  }

  /**
   * A live message over MQTT 3.1.1 counts as retained where the topic is, or as one that only passes where a probe once
   * found so; which has to be looked at. A client may begin to retain a topic that nobody retained before.
   */
  #noteInferred(topic: string, event: Event, { probing }: Register): void {
    if (event.kind !== 'observed' || event.retained !== undefined || has(probing, event.broker)) return;
    this.#deps.links.at(event.broker).antiEntropy.inferred(topic, performance.now());
  }

  #isHeld(topic: string, event: Event): boolean {
    return event.kind === 'observed' && this.#deps.damper.holds(topic, event.payload, performance.now());
  }

  #conflicted(topic: string, clash: Conflict): void {
    const policy = this.#deps.table.get(topic)?.policy;
    if (policy !== undefined) this.#deps.conflicts.note(topic, clash, policy);
    this.#deps.trash.lost(topic, clash.loser);
  }

  /** Returns whether the broker, now that our publish has arrived there, still lacks something. */
  #echoed(topic: string, register: Register, broker: number): Changed {
    const link = this.#deps.links.at(broker);
    if (pendingAt(register, broker) === 0) {
      link.echoed(topic);
      this.#deps.dispatcher.confirmed(link, topic);
    }
    return register.winner !== undefined && !isInSync(willHold(register, broker), register.winner);
  }
}

/** It may be our own publish: then it says nothing of who else writes. */
function isEcho(register: Register | undefined, { own, broker, payload }: Observed): boolean {
  if (own) return true;
  const pending = register?.pending ?? [];
  return pending.some(one => one.broker === broker && one.message.payload === payload);
}

function isDeletionHeard(event: Event, { deletionProven }: Outcome): event is Observed | Probed {
  if (event.kind === 'probed') return deletionProven === true;
  return event.kind === 'observed' && !event.replay && event.payload === '';
}

/** Whether some broker may lack what the register says: a reason to look at it at the tick. */
function lacksSomewhere({ register, effect }: Outcome): boolean {
  const { winner, transient } = register;
  if (effect === 'transient') return transient !== undefined;
  return (
    winner !== undefined && register.held.some((_, broker) => !isInSync(willHold(register, broker), winner))
  );
}
