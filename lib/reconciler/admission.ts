/**
 * Whether there is room for what a broker delivers, by MQTTREP_MAX_TOPICS and MQTTREP_MAX_MEMORY. If there is none, topics that
 * retain nothing are forgotten. If that does not help, a new topic is refused, and a known topic keeps its value. Refusals are
 * counted by broker and reason, and logged.
 *
 * A part of each bound is reserved for brokers that use little, so that the clients of one broker cannot use up all of it.
 */

import type { Found } from '../core/events.ts';
import { LogThrottle } from '../core/log-throttle.ts';
import type { Payload } from '../core/payload.ts';
import type { Register } from '../core/register.ts';
import type { Log } from '../protocol/messages.ts';
import type { Observation } from '../protocol/observation.ts';
import type { BrokerLink } from './links/broker-link.ts';
import { Eviction } from './topics/eviction.ts';
import { fixedBytes, messageBytes } from './topics/topic-bytes.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Usage } from './topics/topic-usage.ts';

/** The part of each bound that is reserved, in equal shares, for the brokers that use less than their share. */
const RESERVED_PART = 1 / 4;

/** Why there is no room: the bound itself, or the broker's share of it. */
export type Shortage =
  | 'too_many_topics'
  | 'too_much_memory'
  | 'too_many_topics_of_broker'
  | 'too_much_memory_of_broker';

export interface AdmissionDeps {
  readonly table: TopicTable;
  readonly links: Iterable<BrokerLink>;
  /** Topics and bytes at most. */
  readonly room: Usage;
  readonly log: Log;
}

export class Admission {
  readonly eviction: Eviction;
  readonly #deps: AdmissionDeps;
  readonly #throttle = new LogThrottle<string>();

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.eviction = new Eviction(deps.table);
  }

  /** Bytes that topics may take. */
  get memory(): number {
    return this.#deps.room.bytes;
  }

  /** The store was read. None of its topics is refused. */
  loaded(): void {
    const { table, room, log } = this.#deps;
    const { topics, bytes } = table.usage;
    if (topics <= room.topics && bytes <= room.bytes) return;
    log(
      'warn',
      `the store holds ${topics} topics that take ${megabytes(bytes)}, more than MQTTREP_MAX_TOPICS (${room.topics}) or MQTTREP_MAX_MEMORY (${megabytes(room.bytes)}) allow: mqttrep keeps all of them, but replicates no new ones and no larger values; raise the bound, or delete topics`,
    );
  }

  /** Whether a message of a broker is admitted. */
  accepts(link: BrokerLink, message: Observation): boolean {
    const { topic } = message;
    if (this.#isRoomy(topic, message)) return true;
    const known = this.#deps.table.get(topic)?.register;
    if (known !== undefined && (message.own || isExpected(known, link.index, message.payload))) return true;
    return this.#admits(link, topic, known, messageBytes(message) - replacedBytes(known, message.retained));
  }

  /** Whether what a probe has found is admitted. */
  acceptsFound(link: BrokerLink, topic: string, found: Found): boolean {
    const known = this.#deps.table.get(topic)?.register;
    return this.#admits(link, topic, known, messageBytes(found) - replacedBytes(known, true));
  }

  /** Whether no bound is near. That is the usual case, and then the topic need not be looked up. */
  #isRoomy(topic: string, message: Pick<Observation, 'payload' | 'properties'>): boolean {
    const { table, room } = this.#deps;
    const bytes = fixedBytes(topic) + messageBytes(message);
    return (
      isBelowShares(table.usage.topics + 1, room.topics) &&
      isBelowShares(table.usage.bytes + bytes, room.bytes)
    );
  }

  #admits(link: BrokerLink, topic: string, known: Register | undefined, growth: number): boolean {
    if (known !== undefined && growth <= 0) return true;
    const more: Usage =
      known === undefined ? { topics: 1, bytes: fixedBytes(topic) + growth } : { topics: 0, bytes: growth };
    const shortage = () => this.#shortage(link.index, more);
    const first = shortage();
    if (first === undefined || this.#evicts(() => shortage() === undefined)) return true;
    this.#refuse(link, topic, first);
    return false;
  }

  #shortage(broker: number, more: Usage): Shortage | undefined {
    const { table, room } = this.#deps;
    const { usage } = table;
    const topics = usage.topics + more.topics;
    const bytes = usage.bytes + more.bytes;
    if (more.topics > 0 && topics > room.topics) return 'too_many_topics';
    if (bytes > room.bytes) return 'too_much_memory';
    if (more.topics > 0 && topics + this.#reserved('topics', topics, broker) > room.topics) {
      return 'too_many_topics_of_broker';
    }
    return bytes + this.#reserved('bytes', bytes, broker) > room.bytes
      ? 'too_much_memory_of_broker'
      : undefined;
  }

  /** What is left of the shares reserved for other brokers, if so much is in use. */
  #reserved(what: keyof Usage, total: number, broker: number): number {
    const { table, room, links } = this.#deps;
    if (isBelowShares(total, room[what])) return 0;
    const others = [...links].filter(({ index, isRemoved }) => index !== broker && !isRemoved);
    const part = Math.floor((room[what] * RESERVED_PART) / (others.length + 1));
    return others.reduce((sum, { index }) => sum + Math.max(0, part - table.usage.of(index)[what]), 0);
  }

  #evicts(hasRoom: () => boolean): boolean {
    const { eviction } = this;
    const before = eviction.tombstones;
    const isRoom = eviction.makeRoom(Date.now(), hasRoom);
    if (eviction.tombstones > before && this.#throttle.isDue('evicted', performance.now())) {
      this.#deps.log(
        'info',
        'deletions are forgotten before their hour, to make room for other topics; a broker that is rolled back would bring those topics back: raise MQTTREP_MAX_TOPICS or MQTTREP_MAX_MEMORY',
      );
    }
    return isRoom;
  }

  #refuse(link: BrokerLink, topic: string, shortage: Shortage): void {
    link.counters.countRefused(shortage);
    if (!this.#throttle.isDue(`${link.index} ${shortage}`, performance.now())) return;
    this.#deps.log(
      'error',
      `${link.name}: ${JSON.stringify(shortened(topic))} is not replicated: ${this.#reasonFor(link, shortage)}`,
    );
  }

  #reasonFor({ index }: BrokerLink, shortage: Shortage): string {
    const { table, room } = this.#deps;
    const own = table.usage.of(index);
    switch (shortage) {
      case 'too_many_topics':
        return `there are ${room.topics} topics, as many as MQTTREP_MAX_TOPICS allows; narrow the filters, or raise MQTTREP_MAX_TOPICS`;
      case 'too_much_memory':
        return `topics would take more than the ${megabytes(room.bytes)} of MQTTREP_MAX_MEMORY; narrow the filters, or raise MQTTREP_MAX_MEMORY, and --max-old-space-size of Node.js with it`;
      case 'too_many_topics_of_broker':
        return `clients of this broker have written ${own.topics} topics, and the rest of the ${room.topics} is reserved for other brokers; narrow the filters, or raise MQTTREP_MAX_TOPICS`;
      case 'too_much_memory_of_broker':
        return `messages of this broker's clients take ${megabytes(own.bytes)}, and the rest of the ${megabytes(room.bytes)} is reserved for other brokers; narrow the filters, or raise MQTTREP_MAX_MEMORY, and --max-old-space-size of Node.js with it`;
    }
  }
}

/** Whether there is room, whatever is reserved for others. */
function isBelowShares(total: number, bound: number): boolean {
  return total <= bound * (1 - RESERVED_PART);
}

/** Whether the message may be the echo of a pending publish. */
function isExpected({ pending }: Register, broker: number, payload: Payload): boolean {
  return pending.some(entry => entry.broker === broker && entry.message.payload === payload);
}

/** Bytes of the message that it replaces. */
function replacedBytes(known: Register | undefined, retained: boolean | undefined): number {
  const { winner, transient } = known ?? {};
  const replaced = retained === false ? transient?.message : (winner ?? transient?.message);
  return replaced === undefined ? 0 : messageBytes(replaced);
}

/** Characters of a topic that are logged. */
const LOGGED_TOPIC_LENGTH = 60;

function shortened(topic: string): string {
  return topic.length > LOGGED_TOPIC_LENGTH ? `${topic.slice(0, LOGGED_TOPIC_LENGTH)}…` : topic;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
