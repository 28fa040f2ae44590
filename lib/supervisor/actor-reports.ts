/** What the actors of a run report, and what follows from it. */

import type { Config } from '../config/config.ts';
import type { FatalCause, Report } from '../protocol/control-messages.ts';
import type { Log } from '../protocol/messages.ts';
import type { ActorRequests } from './actor-requests.ts';
import type { BrokerSlot } from './broker-slot.ts';
import type { ConditionWaiter } from './condition-waiter.ts';
import type { EventSlot } from './event-slot.ts';
import type { ReconcilerSlot } from './reconciler-slot.ts';

export interface ActorReportsDeps {
  readonly log: Log;
  readonly config: () => Config;
  /** By name. */
  readonly brokers: () => ReadonlyMap<string, BrokerSlot>;
  readonly reconciler: ReconcilerSlot;
  readonly events: EventSlot;
  readonly requests: ActorRequests;
  /** Conditions of the links. */
  readonly conditions: ConditionWaiter;
  readonly giveUp: (reason: string, cause: FatalCause) => void;
}

export class ActorReports {
  readonly #deps: ActorReportsDeps;

  constructor(deps: ActorReportsDeps) {
    this.#deps = deps;
  }

  /** @param slot the broker whose worker reports; undefined for other actors */
  reported(report: Report, slot?: BrokerSlot): void {
    const { log, conditions, requests, reconciler, giveUp } = this.#deps;
    switch (report.kind) {
      case 'log':
        log(report.level, report.message, report.at);
        this.#noteProblem(report);
        return;
      case 'link':
        slot?.link.enter(report.state, report.detail);
        this.#tellConnections();
        conditions.recheck();
        return;
      case 'response':
      case 'event-response':
        requests.responded(report);
        return;
      case 'same-broker':
        if (slot !== undefined) this.#parkSecondName(slot.name, report.otherName);
        return;
      case 'quiesced':
        slot?.quiesced?.();
        return;
      case 'configured':
        reconciler.configured?.();
        return;
      case 'undelivered':
        reconciler.undelivered = report.undelivered;
        return;
      case 'fatal':
        giveUp(report.reason, report.cause);
        return;
      case 'counters':
        log('debug', `${slot?.name ?? 'reconciler'}: ${JSON.stringify(report.counters)}`);
        return;
    }
  }

  reportedByEvents(report: Report): void {
    if (report.kind === 'configured') this.#deps.events.configured?.();
    else this.reported(report);
  }

  /** The reconciler also logs what concerns one broker. Such a line begins with the name of the broker. */
  #noteProblem({ level, message, at }: Report & { readonly kind: 'log' }): void {
    const end = message.indexOf(': ');
    this.#deps
      .brokers()
      .get(message.slice(0, end))
      ?.link.logged(level, message.slice(end + 2), at);
  }

  /**
   * If two names lead to one broker, each message would be published back to the broker that delivered it. Only the
   * name that sorts first remains connected.
   */
  #parkSecondName(one: string, other: string): void {
    const { log } = this.#deps;
    const brokers = this.#deps.brokers();
    const [kept, parked] = [one, other].sort();
    const slot = parked === undefined ? undefined : brokers.get(parked);
    const keptSlot = kept === undefined ? undefined : brokers.get(kept);
    if (slot?.actor === undefined || keptSlot === undefined) return;
    const reason = `the same broker as ${kept}`;
    const urls = [...new Set([slot, keptSlot].map(({ settings }) => settings.places.url))].join(' or ');
    log(
      'error',
      `${parked}: this is ${reason}, so each message would be published back to the broker that delivered it; mqttrep connects to it as ${kept} only, and ${parked} is parked. Remove one of the two, or correct its URL (${urls}), and reload the configuration (SIGHUP)`,
    );
    void slot.park(reason).then(() => this.#tellConnections());
  }

  /** For the state topics at each broker. */
  #tellConnections(): void {
    if (!this.#deps.config().stateTopics) return;
    const slots = [...this.#deps.brokers().values()];
    const connections = Object.fromEntries(
      slots.map(({ name, isConnected }) => [name, isConnected ? 'up' : 'down'] as const),
    );
    for (const { actor } of slots) actor?.tell({ kind: 'connections', connections });
  }
}
