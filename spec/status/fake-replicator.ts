/** A replicator that immediately gives the answers that a spec sets. */

import { placesByVariables } from '../../lib/config/broker-places.ts';
import type { BrokerLimits } from '../../lib/protocol/answers.ts';
import type { EventMeasures, EventRequest } from '../../lib/protocol/event-messages.ts';
import { BOUNDS, Histogram } from '../../lib/protocol/histogram.ts';
import type {
  BrokerMeasures,
  BrokerRequest,
  ReconcilerMeasures,
  ReconcilerRequest,
} from '../../lib/protocol/requests.ts';
import type { Conflict } from '../../lib/status/api.ts';
import type { StatusServerOptions } from '../../lib/status/server.ts';
import { LinkRecord } from '../../lib/supervisor/link-record.ts';
import type { BrokerPlan } from '../../lib/supervisor/run.ts';

export type Inspected = StatusServerOptions['replicator'];

export class FakeReplicator {
  readonly links = new Map<string, LinkRecord>();
  reconcilerActors = 1;
  eventActors = 0;
  eventRestarts = 0;
  /** Undefined if there are no event topics. */
  events: EventMeasures | undefined;
  /** All requests to forget the event session of a broker. */
  readonly forgotten: string[] = [];
  reconcilerRestarts = 0;
  isStopping = false;
  /** Seconds. */
  heartbeat = 10;
  /** As much as the route of a topic needs at an unknown broker. */
  config = { brokers: [] };
  /** All requests to the reconciler, without those for measures. */
  readonly questions: ReconcilerRequest[] = [];
  /** The number of requests for measures. */
  measured = 0;
  readonly brokers = new Map<
    string,
    { received: number; published: number; dropped: Record<string, number> }
  >();
  counts = { converged: 3, diverging: 1, blocked: 0, deleted: 2 };
  readonly conflicts: Conflict[] = [];
  readonly conflictCounts: Record<string, number> = {};
  readonly convergence = new Histogram(BOUNDS.convergence);
  readonly roundTrips = new Histogram(BOUNDS.roundTrip);
  /** Calls of `pause` and `resume`. */
  readonly paused: string[] = [];
  readonly plans = new Map<string, BrokerPlan>();
  limits: BrokerLimits = {
    isConnected: true,
    protocol: '5',
    maxQos: null,
    retains: true,
    receiveMaximum: 20,
    maximumPacketSize: null,
    maxLevels: null,
    maxTopicLength: null,
    maxFilters: null,
    acceptsWill: true,
    acceptsControlTopics: true,
    acceptsSecondConnection: true,
  };
  /** The answer of the reconciler to all other requests. */
  answer: (question: ReconcilerRequest) => unknown = () => null;

  constructor(...names: readonly string[]) {
    for (const name of names) {
      this.links.set(name, new LinkRecord());
      this.plans.set(name, {
        places: placesByVariables(name),
        url: `mqtt://user:secret@${name}:1883`,
        subscriptions: [{ filter: '#', qos: 1 }],
      });
      this.brokers.set(name, { received: 0, published: 0, dropped: {} });
    }
  }

  /** With the type that the server expects. */
  readonly heartbeats = new Map<string, BrokerMeasures['heartbeat']>();
  /** By broker name, since when. */
  readonly undelivered = new Map<string, number>();

  get inspected(): Inspected {
    return this as unknown as Inspected;
  }

  link(name: string): LinkRecord {
    const link = this.links.get(name);
    if (link === undefined) throw new RangeError(`there is no broker ${name}`);
    return link;
  }

  plan(name: string) {
    return this.plans.get(name);
  }

  async pause(name: string): Promise<boolean> {
    this.paused.push(`pause ${name}`);
    return this.links.has(name);
  }

  resume(name: string): boolean {
    this.paused.push(`resume ${name}`);
    return this.links.has(name);
  }

  async askBroker(name: string, { kind }: BrokerRequest): Promise<BrokerMeasures | BrokerLimits> {
    if (kind === 'limits') return this.limits;
    const counts = this.brokers.get(name);
    if (counts === undefined) throw new RangeError(`there is no broker ${name}`);
    const heldBack = { ingress: 4 };
    const ignored = { excluded: name === 'PARIS' ? 3 : 0, unmapped: 0 };
    const certificateDays = name === 'PARIS' ? { broker: 12.5 } : {};
    return {
      counts: {
        ...counts,
        ignored,
        heldBack,
        waitedForRate: 0.5,
        roundTrips: this.roundTrips.counts,
        silences: name === 'PARIS' ? 1 : 0,
      },
      roundTrip: 5,
      heartbeat: this.heartbeats.get(name) ?? { latency: null, cameBackAt: null, paths: {} },
      certificateDays,
      ...(name === 'PARIS' ? { tokenSeconds: 720 } : {}),
    };
  }

  async askEvents(question: EventRequest): Promise<unknown> {
    if (question.kind === 'measures' || this.events === undefined) return this.events;
    this.forgotten.push(question.broker);
    return this.links.has(question.broker) ? { events: 3 } : null;
  }

  async askReconciler(question: ReconcilerRequest): Promise<unknown> {
    if (question.kind === 'measures') return this.#measures(question.conflictsAfter);
    this.questions.push(question);
    return this.answer(question);
  }

  #measures(after: number): ReconcilerMeasures {
    this.measured++;
    const empty = new Histogram(BOUNDS.tick).counts;
    return {
      replica: 'us',
      counts: {
        expired: 7,
        storeFailures: 0,
        tombstonesEvicted: 5,
        refused: { stored: 3 },
        refusedByBroker: { OSLO: { too_many_topics: 2 } },
        heldBack: { PARIS: { pending: 6, pending_of_topic: 1 } },
        racedWrites: { PARIS: 3 },
        damped: 8,
        vanished: { PARIS: 8 },
        historyDropped: { PARIS: 4 },
        conflicts: this.conflictCounts,
        convergence: this.convergence.counts,
        untimed: 0,
        commits: new Histogram(BOUNDS.commit).counts,
        ticks: empty,
      },
      topics: this.counts,
      memory: { bytes: 1_000, bound: 4_000 },
      links: [...this.links.keys()].map(name => ({
        name,
        pending: 1,
        waiting: 2,
        behind: 3,
        behindSince: this.undelivered.get(name) ?? null,
        blocked: 0,
        refusal: null,
        deletionsHeld: name === 'PARIS' ? 300 : 0,
        unreadable: name === 'PARIS' ? 5 : 0,
        isReplayIncomplete: name === 'PARIS',
      })),
      conflicts: this.conflicts.slice(after).toReversed(),
      lastConflict: this.conflicts.length,
    };
  }
}
