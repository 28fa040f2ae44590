/**
 * One event for one topic: the core's `step` decides, and what follows from its outcome is done here. Offers are not among
 * these events: they come from the dispatcher.
 */

import type { Effect } from '../core/effects.ts';
import type { Event, Observed, Probed } from '../core/events.ts';
import { lacksTransient, lacksWinner } from '../core/offer.ts';
import type { Conflict, Outcome } from '../core/outcome.ts';
import { isProbing, pendingAt, type Register } from '../core/register.ts';
import type { ConflictLog } from './inspection/conflict-log.ts';
import type { Trash } from './inspection/trash.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { PublishOutcomes } from './links/publish-outcomes.ts';
import type { LoopDamper } from './loop-damper.ts';
import type { Counters } from './topics/counters.ts';
import type { TopicTable } from './topics/topic-table.ts';

/**
 * What an event came to.
 * - `unchanged`: the register is as it was
 * - `changed`: no broker lacks anything because of it
 * - `lacking`: some broker may lack what the register says now; the topic is sampled at the next tick
 * - `damped`: the loop damper holds the message, and releases it later
 */
export type EventResult = 'unchanged' | 'changed' | 'lacking' | 'damped';

/** The effects that show that the broker has another message than before. */
const CHANGES: ReadonlySet<Effect> = new Set(['won', 'lost', 'echo']);

/** The effects of a message that counts as retained although it does not say so. */
const INFERRED_RETAINED: ReadonlySet<Effect> = new Set(['won', 'lost', 'repeated']);

export interface EventHandlerDeps {
  readonly table: TopicTable;
  readonly links: BrokerLinks;
  readonly conflicts: ConflictLog;
  readonly trash: Trash;
  readonly outcomes: PublishOutcomes;
  readonly damper: LoopDamper;
  /** By effect. */
  readonly counters: Counters;
}

export class EventHandler {
  readonly #deps: EventHandlerDeps;

  constructor(deps: EventHandlerDeps) {
    this.#deps = deps;
  }

  handle(topic: string, event: Event): EventResult {
    const { table, links, damper, counters } = this.#deps;
    if (damper.isHolding && event.kind === 'observed' && !isEcho(table.get(topic)?.register, event))
      damper.arrives(topic, event.payload, performance.now());
    const outcome = table.apply(topic, event);
    counters.count(outcome.effect);
    if (outcome.conflict !== undefined) this.#noteConflict(topic, outcome.conflict);
    for (const command of outcome.commands) {
      if (command.kind === 'probe') links.at(command.broker).probes.ask(topic, command.priority);
    }
    if (event.kind === 'observed') this.#noteDelivery(topic, event, outcome);
    return this.#resultOf(topic, event, outcome);
  }

  #resultOf(topic: string, event: Event, outcome: Outcome): EventResult {
    const { links } = this.#deps;
    switch (outcome.effect) {
      case 'idle':
        return 'unchanged';
      case 'won':
        this.#noteInferred(topic, event, outcome.register);
        this.#retryBlocked(topic, 'retained');
        for (const link of links.all) link.forgetAbsence(topic);
        if (isDeletionHeard(event, outcome)) links.at(event.broker).guard.heard(performance.now());
        break;
      case 'transient':
        this.#retryBlocked(topic, 'transient');
        this.#noteInferred(topic, event, outcome.register);
        if (this.#isDamped(topic, event)) return 'damped';
        break;
      case 'expired':
        this.#retryBlocked(topic, 'retained');
        for (const link of links.all) link.forgetAbsence(topic);
        break;
      case 'echo':
        return this.#echoed(topic, outcome.register, (event as Observed).broker);
    }
    const isLacking =
      isAnyLacking(outcome) || ('broker' in event && this.#isWaiting(topic, event.broker, outcome.register));
    return isLacking ? 'lacking' : 'changed';
  }

  /** Where the topic is blocked, its new value may be a reason to retry. */
  #retryBlocked(topic: string, kind: 'retained' | 'transient'): void {
    for (const { blockedTopics } of this.#deps.links.all) {
      if (blockedTopics.size > 0) blockedTopics.valueChanged(topic, kind, performance.now());
    }
  }

  /**
   * Notes that the broker has shown the topic, and releases old values of it. After a race or a change the topic is probed when
   * it is idle.
   */
  #noteDelivery(topic: string, { broker, retained, replay }: Observed, { effect, raced }: Outcome): void {
    const { links, table } = this.#deps;
    const link = links.at(broker);
    if (replay && retained !== false && link.state.releaseUnseen(topic)) table.commits.putBack([topic]);
    if (retained === true || (retained === undefined && INFERRED_RETAINED.has(effect)))
      link.forgetAbsence(topic);
    if (raced) link.counters.countRacedWrite();
    const isChange = CHANGES.has(effect) && link.antiEntropy.isInferred(topic);
    if (raced || isChange) link.antiEntropy.inferred(topic, performance.now());
  }

  /**
   * A live message over MQTT 3.1.1 counts as retained or as transient. mqttrep infers this from the register or from an earlier
   * probe. The conclusion may be wrong, since a client may begin to retain the topic. So the topic is probed when it is idle.
   */
  #noteInferred(topic: string, event: Event, register: Register): void {
    if (event.kind !== 'observed' || event.retained !== undefined || isProbing(register, event.broker))
      return;
    this.#deps.links.at(event.broker).antiEntropy.inferred(topic, performance.now());
  }

  #isDamped(topic: string, event: Event): boolean {
    return event.kind === 'observed' && this.#deps.damper.test(topic, event.payload, performance.now());
  }

  #noteConflict(topic: string, conflict: Conflict): void {
    const policy = this.#deps.table.get(topic)?.policy;
    if (policy !== undefined) this.#deps.conflicts.note(topic, conflict, policy);
    this.#deps.trash.lost(topic, conflict.loser);
  }

  /** Our publish has arrived. The broker may still lack a later message. */
  #echoed(topic: string, register: Register, broker: number): EventResult {
    const { links, outcomes } = this.#deps;
    const link = links.at(broker);
    if (pendingAt(register, broker) === 0) {
      link.flow.echoed(topic);
      outcomes.confirmed(link, topic);
    }
    const isLacking = lacksWinner(register, broker) || this.#isWaiting(topic, broker, register);
    return isLacking ? 'lacking' : 'changed';
  }

  /**
   * Whether the transient message still waits for the broker. `MAX_PENDING` publishes may have been pending there when it was
   * offered. A message that the loop damper holds waits for the end of the test instead.
   */
  #isWaiting(topic: string, broker: number, register: Register): boolean {
    const { transient } = register;
    if (transient === undefined || !lacksTransient(register, broker)) return false;
    return !this.#deps.damper.isHeld(topic, transient.message.payload);
  }
}

/** The message may be our own publish: then it does not tell whether a client writes. */
function isEcho(register: Register | undefined, { own, broker, payload }: Observed): boolean {
  if (own) return true;
  const pending = register?.pending ?? [];
  return pending.some(entry => entry.broker === broker && entry.message.payload === payload);
}

function isDeletionHeard(event: Event, { deletionProven }: Outcome): event is Observed | Probed {
  if (event.kind === 'probed') return deletionProven === true;
  return event.kind === 'observed' && !event.replay && event.payload === '';
}

/** Whether some broker may lack what the register says. */
function isAnyLacking({ register, effect }: Outcome): boolean {
  if (effect === 'transient') return true;
  if (register.winner === undefined) return false;
  for (let broker = 0; broker < register.held.length; broker++)
    if (lacksWinner(register, broker)) return true;
  return false;
}
