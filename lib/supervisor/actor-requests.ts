/** Requests to the actors of a run, and whether all actors respond. */

import type { EventRequest, EventResponse, EventResponses } from '../protocol/event-messages.ts';
import type {
  BrokerRequest,
  BrokerResponses,
  ReconcilerRequest,
  ReconcilerResponses,
  Response,
} from '../protocol/requests.ts';
import type { BrokerSlot } from './broker-slot.ts';
import type { EventSlot } from './event-slot.ts';
import { NoResponseError, PendingRequests } from './pending-requests.ts';
import type { ReconcilerSlot } from './reconciler-slot.ts';

export class ActorRequests {
  readonly #reconciler: ReconcilerSlot;
  readonly #events: EventSlot;
  readonly #brokers: () => ReadonlyMap<string, BrokerSlot>;
  readonly #pending = new PendingRequests();

  constructor(reconciler: ReconcilerSlot, events: EventSlot, brokers: () => ReadonlyMap<string, BrokerSlot>) {
    this.#reconciler = reconciler;
    this.#events = events;
    this.#brokers = brokers;
  }

  /** As `Replicator.askBroker`. */
  async askBroker<Q extends BrokerRequest>(
    name: string,
    request: Q,
    within: number,
  ): Promise<BrokerResponses[Q['kind']]> {
    const actor = this.#brokers().get(name)?.actor;
    return (await this.#pending.send(actor, request, within)) as BrokerResponses[Q['kind']];
  }

  /** As `Replicator.askReconciler`. */
  async askReconciler<Q extends ReconcilerRequest>(
    request: Q,
    within: number,
  ): Promise<ReconcilerResponses[Q['kind']]> {
    const { actor } = this.#reconciler;
    return (await this.#pending.send(actor, request, within)) as ReconcilerResponses[Q['kind']];
  }

  /** As `Replicator.askEvents`. */
  async askEvents<Q extends EventRequest>(
    request: Q,
    within: number,
  ): Promise<EventResponses[Q['kind']] | undefined> {
    const { actor, isParked } = this.#events;
    if (actor === undefined) return undefined;
    if (isParked) throw new NoResponseError('the event actor is parked');
    return (await this.#pending.send(actor, request, within)) as EventResponses[Q['kind']];
  }

  /** As `Replicator.isAlive`. */
  async isAlive(within: number): Promise<boolean> {
    const responses = await Promise.allSettled([
      this.askReconciler({ kind: 'measures', conflictsAfter: Number.POSITIVE_INFINITY }, within),
      ...(this.#events.isParked ? [] : [this.askEvents({ kind: 'measures' }, within)]),
      // Without a worker nothing responds, and a restart of the process would not help.
      ...[...this.#brokers().values()]
        .filter(slot => !slot.isAtRest)
        .map(({ name }) => this.askBroker(name, { kind: 'measures' }, within)),
    ]);
    return responses.every(({ status }) => status === 'fulfilled');
  }

  responded(response: Response | EventResponse): void {
    this.#pending.resolve(response);
  }

  /** No response will come any more. */
  rejectAll(reason: string): void {
    this.#pending.rejectAll(reason);
  }
}
