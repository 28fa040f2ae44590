/** Invented brokers and topics, as many as a spec of the page needs. */

import type {
  BrokerDetails,
  BrokerStatus,
  Conflict,
  HeldValue,
  Status,
  TopicDetails,
  TopicLevel,
  TopicList,
  TopicNode,
  TopicRoute,
  TopicRow,
  Value,
} from '../../lib/status/api.ts';
import { brokerStatus } from '../status/broker-status.ts';
import { CONVERGENCE, ratesOf } from './pretend-rates.ts';
import type { Source } from './pretend-server.ts';

export class PretendWorld implements Source {
  readonly brokers: BrokerStatus[];
  readonly rows: TopicRow[];
  conflicts: Conflict[] = [];
  allowsActions = false;
  /** What is told of the route of every topic, besides what an ordinary one has. */
  routes: Partial<TopicRoute> = {};
  /** Null for no heartbeats. */
  heartbeatPeriod: number | null = 10_000;
  readonly #details = new Map<string, Partial<BrokerDetails>>();
  readonly startedAt = Date.now() - 11_700_000;

  constructor(brokers: readonly string[], topics: Readonly<Record<string, string>>) {
    this.brokers = brokers.map((name, i) => brokerNamed(name, i, brokers));
    this.rows = Object.entries(topics)
      .map(([topic, value], i) => rowOf(topic, value, brokers, i))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1));
  }

  /** Changes one row, and returns it. */
  change(topic: string, change: Partial<TopicRow>): TopicRow {
    const index = this.rows.findIndex(row => row.topic === topic);
    const row = this.rows[index];
    if (row === undefined) throw new Error(`there is no topic ${topic}`);
    const changed = { ...row, ...change };
    this.rows[index] = changed;
    return changed;
  }

  setBroker(name: string, change: Partial<BrokerStatus>): BrokerStatus {
    const index = this.brokers.findIndex(broker => broker.name === name);
    const broker = this.brokers[index];
    if (broker === undefined) throw new Error(`there is no broker ${name}`);
    const changed = { ...broker, ...change };
    this.brokers[index] = changed;
    return changed;
  }

  /** What is told of a broker, besides what an ordinary one has. */
  details(name: string, details: Partial<BrokerDetails>): void {
    this.#details.set(name, details);
  }

  broker(name: string): BrokerDetails | undefined {
    if (!this.brokers.some(broker => broker.name === name)) return undefined;
    return {
      name,
      url: `mqtts://***@${name.toLowerCase()}.example:8883`,
      filters: ['#'],
      limits: {
        isConnected: true,
        protocol: '5',
        maxQos: null,
        retains: true,
        receiveMaximum: 20,
        maximumPacketSize: 268_435_455,
        maxLevels: null,
        maxTopicLength: null,
        maxFilters: 8,
        acceptsWill: true,
        acceptsControlTopics: true,
        acceptsSecondConnection: true,
      },
      problems: [],
      refused: [],
      lagging: [],
      comparison: null,
      ...this.#details.get(name),
    };
  }

  /** All brokers the same, unless a spec says otherwise. */
  route(topic: string): TopicRoute {
    const brokers = this.brokers.map(({ name }) => ({
      broker: name,
      name: topic,
      namedBy: null,
      receives: 'MQTTREP_TOPIC_all',
      publishes: { qos: 1 as const },
    }));
    return { topic, refused: null, settings: SETTINGS, brokers, ...this.routes };
  }

  counts(): Status['topics'] {
    const counts = { converged: 0, diverging: 0, blocked: 0, deleted: 0 };
    for (const { state } of this.rows) counts[state]++;
    return counts;
  }

  status(): Status {
    return {
      version: '2.0.0',
      replica: 'patient-heron',
      startedAt: this.startedAt,
      mergeFrequency: 10,
      heartbeatPeriod: this.heartbeatPeriod,
      hidesPayloads: false,
      allowsActions: this.allowsActions,
      filters: ['#'],
      brokers: this.brokers,
      topics: this.counts(),
      convergence: CONVERGENCE,
      rates: ratesOf(this.brokers, Date.now()),
      conflicts: this.conflicts,
    };
  }

  topics(query: URLSearchParams): TopicList {
    const text = (query.get('filter') ?? '').toLowerCase();
    const diverging = query.get('diverging') === 'true';
    const fit = this.rows.filter(
      ({ topic, state }) =>
        topic.toLowerCase().includes(text) && (!diverging || state === 'diverging' || state === 'blocked'),
    );
    const { page, next } = paged(fit, row => row.topic, query);
    return { topics: page, matching: fit.length, next };
  }

  level(query: URLSearchParams): TopicLevel {
    const under = query.get('under') ?? '';
    const nodes = new Map<string, TopicNode>();
    for (const row of this.rows) {
      if (!row.topic.startsWith(under)) continue;
      const rest = row.topic.slice(under.length);
      const slash = rest.indexOf('/');
      const name = slash < 0 ? rest : rest.slice(0, slash);
      const node = nodes.get(name) ?? { name, topic: null, beneath: 0, diverging: 0 };
      const differs = row.state === 'diverging' || row.state === 'blocked' ? 1 : 0;
      nodes.set(
        name,
        slash < 0
          ? { ...node, topic: row }
          : { ...node, beneath: node.beneath + 1, diverging: node.diverging + differs },
      );
    }
    const sorted = [...nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const { page, next } = paged(sorted, node => node.name, query);
    return { nodes: page, size: sorted.length, next };
  }

  topic(name: string): TopicDetails | undefined {
    const row = this.rows.find(({ topic }) => topic === name);
    if (row === undefined) return undefined;
    return {
      ...row,
      version: { time: row.changedAt ?? 0, counter: 0, replica: 'patient-heron' },
      pending: {},
      blocked: {},
      divergingSince: row.state === 'diverging' || row.state === 'blocked' ? row.changedAt : null,
      retain: null,
      qos: 1,
      conflicts: this.conflicts.filter(({ topic }) => topic === name).slice(0, 10),
    };
  }
}

export function text(value: string): Value {
  return { kind: 'text', text: value, bytes: Buffer.byteLength(value) };
}

/** In sync. */
export function agreeing(value: string): HeldValue {
  return { value: text(value), agrees: true };
}

export function diverging(value: string): HeldValue {
  return { value: text(value), agrees: false };
}

/** The broker lacks the topic. */
export function missing(): HeldValue {
  return { value: { kind: 'deleted' }, agrees: false };
}

/** The broker does not accept the topic. */
export function refused(): HeldValue {
  return { value: { kind: 'deleted' }, agrees: false, isRefused: true };
}

/** The broker has not shown the topic yet. */
export function unknown(): HeldValue {
  return { value: { kind: 'unknown' }, agrees: false };
}

const SETTINGS: TopicRoute['settings'] = [
  { setting: 'TTL', value: 'for ever', decidedBy: null },
  { setting: 'RETAIN', value: 'true', decidedBy: 'MQTTREP_RETAIN_all' },
  { setting: 'QOS', value: '1', decidedBy: null },
  { setting: 'MERGE', value: 'arrival, the last writer wins', decidedBy: null },
];

function brokerNamed(name: string, index: number, all: readonly string[]): BrokerStatus {
  const others = all.filter(other => other !== name);
  return brokerStatus(name, {
    heartbeat: 1.4 + index * 16,
    heartbeatAt: Date.now() - 4_000,
    paths: Object.fromEntries(others.map((other, i) => [other, 2.6 + index * 16 + i * 9])),
    since: Date.now() - 11_600_000,
    protocol: index === 0 ? '3.1.1' : '5',
    received: 12_043,
    published: 20_411,
    roundTrip: 1.8 + index * 17,
  });
}

function rowOf(topic: string, value: string, brokers: readonly string[], index: number): TopicRow {
  return {
    topic,
    state: 'converged',
    winner: text(value),
    origin: brokers[index % brokers.length] ?? '',
    changedAt: Date.now() - 60_000 - index * 31_000,
    expiresAt: index % 7 === 3 ? Date.now() + 3_600_000 : null,
    held: Object.fromEntries(brokers.map(name => [name, agreeing(value)])),
  };
}

function paged<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  query: URLSearchParams,
): { page: T[]; next: string | null } {
  const after = query.get('after');
  const limit = Number(query.get('limit') ?? '100');
  const start = after === null ? 0 : all.findIndex(item => nameOf(item) > after);
  const page = start < 0 ? [] : all.slice(start, start + limit);
  const last = page.at(-1);
  return { page, next: last !== undefined && start + limit < all.length ? nameOf(last) : null };
}
