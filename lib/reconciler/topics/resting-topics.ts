/**
 * Topics at rest, in columns: each topic has a place, numbers are kept as numbers, and what many topics share is kept once. The next
 * topic that comes to rest takes a place that was left.
 */

import type { Payload } from '../../core/payload.ts';
import { type BrokerSet, has, type Policy } from '../../core/policy.ts';
import { atRest, type Held, heldAfter, isDeletion, type Message } from '../../core/register.ts';
import { Column } from './column.ts';
import type { Topic } from './topic.ts';
import { messageBytes } from './topic-bytes.ts';
import type { TopicStatus } from './topic-stats.ts';

/** Places that are allocated at once. */
const PAGE_SIZE = 1024;

class Page {
  readonly payloads = new Array<Payload>(PAGE_SIZE).fill('');
  readonly properties: Column<string | undefined>;
  readonly times = new Float64Array(PAGE_SIZE);
  readonly counters = new Uint32Array(PAGE_SIZE);
  readonly replicas: Column<string>;
  readonly origins = new Int8Array(PAGE_SIZE);
  readonly expiries = new Column(PAGE_SIZE, Number.POSITIVE_INFINITY);
  readonly ttlExpiries = new Column(PAGE_SIZE, Number.POSITIVE_INFINITY);
  /** Brokers that hold the winner, and brokers that are known to hold nothing. */
  readonly holding = new Column<BrokerSet>(PAGE_SIZE, 0);
  readonly absent = new Column<BrokerSet>(PAGE_SIZE, 0);
  readonly unretained = new Column<BrokerSet>(PAGE_SIZE, 0);
  /** 1: the winner was seen at all brokers. */
  readonly converged = new Uint8Array(PAGE_SIZE);
  readonly policies: Column<Policy>;
  readonly seenAt: Column<readonly number[]>;
  readonly statuses: Column<TopicStatus>;

  /** @param first most topics are assumed to be like this one */
  constructor({ register: { winner }, policy, seenAt, status }: Topic) {
    this.properties = new Column(PAGE_SIZE, winner?.properties);
    this.replicas = new Column(PAGE_SIZE, winner?.version.replica ?? '');
    this.policies = new Column(PAGE_SIZE, policy);
    this.seenAt = new Column(PAGE_SIZE, seenAt);
    this.statuses = new Column(PAGE_SIZE, status);
  }
}

/** Replica ids that are kept to be shared, at most. */
const MAX_REPLICAS = 1_000;

export class RestingTopics {
  /** How many there are now. Of brokers that came later than a topic nothing is known. */
  #brokers: number;
  readonly #pages: Page[] = [];
  readonly #left: number[] = [];
  /** Places that were ever taken. */
  #taken = 0;
  /** The ids in versions come from the network, as one string for each message. */
  readonly #replicas = new Map<string, string>();

  constructor(brokers: number) {
    this.#brokers = brokers;
  }

  get size(): number {
    return this.#taken - this.#left.length;
  }

  /** There are so many brokers from now on. */
  makeRoom(brokers: number): void {
    this.#brokers = brokers;
  }

  /** Adds a topic. Returns its place. */
  add(topic: Topic): number {
    const place = this.#left.pop() ?? this.#taken++;
    if (place === this.#pages.length * PAGE_SIZE) this.#pages.push(new Page(topic));
    this.write(place, topic);
    return place;
  }

  /** @throws TypeError for a topic without a winner, which is not at rest */
  write(place: number, { register, policy, seenAt, convergedWinner, status }: Topic): void {
    const { winner, held, inference } = register;
    if (winner === undefined) throw new TypeError('a topic without a winner is not at rest');
    const page = this.#pageOf(place);
    const at = place % PAGE_SIZE;
    page.payloads[at] = winner.payload;
    page.properties.set(at, winner.properties);
    page.times[at] = winner.version.time;
    page.counters[at] = winner.version.counter;
    page.replicas.set(at, this.#sharedReplica(winner.version.replica));
    page.origins[at] = winner.origin;
    page.expiries.set(at, winner.messageExpiresAt);
    page.ttlExpiries.set(at, winner.ttlExpiresAt);
    page.holding.set(at, brokersWith(held, winner));
    page.absent.set(at, brokersWith(held, 'absent'));
    page.unretained.set(at, inference.unretained);
    page.converged[at] = Number(convergedWinner === winner);
    page.policies.set(at, policy);
    page.seenAt.set(at, seenAt);
    page.statuses.set(at, status);
  }

  read(place: number): Topic {
    const page = this.#pageOf(place);
    const at = place % PAGE_SIZE;
    const winner: Message = {
      payload: page.payloads[at] as Payload,
      properties: page.properties.get(at),
      version: {
        time: page.times[at] as number,
        counter: page.counters[at] as number,
        replica: page.replicas.get(at),
      },
      origin: page.origins[at] as number,
      messageExpiresAt: page.expiries.get(at),
      ttlExpiresAt: page.ttlExpiries.get(at),
    };
    const held = this.#heldBy(page.holding.get(at), page.absent.get(at), winner);
    return {
      register: atRest(winner, held, page.unretained.get(at)),
      policy: page.policies.get(at),
      seenAt: page.seenAt.get(at),
      convergedWinner: page.converged[at] === 1 ? winner : undefined,
      status: page.statuses.get(at),
    };
  }

  setStatus(place: number, status: TopicStatus): void {
    this.#pageOf(place).statuses.set(place % PAGE_SIZE, status);
  }

  /** Whether the topic is published, and the broker is not known to hold the winner. */
  isLacking(place: number, broker: number): boolean {
    const page = this.#pageOf(place);
    const at = place % PAGE_SIZE;
    if (page.policies.get(at).publish === 0) return false;
    if (has(page.holding.get(at), broker)) return false;
    return !isDeletion({ payload: page.payloads[at] as Payload }) || !has(page.absent.get(at), broker);
  }

  /** The broker at which the winner was written. */
  originOf(place: number): number {
    return this.#pageOf(place).origins[place % PAGE_SIZE] as number;
  }

  /** Bytes of the winner, the only message of the topic. */
  bytesOf(place: number): number {
    const page = this.#pageOf(place);
    const at = place % PAGE_SIZE;
    return messageBytes({ payload: page.payloads[at] as Payload, properties: page.properties.get(at) });
  }

  /** Removes the topic at this place. */
  remove(place: number): void {
    const page = this.#pageOf(place);
    const at = place % PAGE_SIZE;
    // What is left in the other columns is shared, or small.
    page.payloads[at] = '';
    page.properties.clear(at);
    this.#left.push(place);
  }

  #pageOf(place: number): Page {
    return this.#pages[Math.floor(place / PAGE_SIZE)] as Page;
  }

  #heldBy(holding: BrokerSet, absent: BrokerSet, winner: Message): Held[] {
    const held = new Array<Held>(this.#brokers);
    const holds = heldAfter(winner);
    for (let broker = 0; broker < this.#brokers; broker++) {
      held[broker] = has(holding, broker) ? holds : has(absent, broker) ? 'absent' : 'unknown';
    }
    return held;
  }

  #sharedReplica(replica: string): string {
    const known = this.#replicas.get(replica);
    if (known !== undefined) return known;
    if (this.#replicas.size < MAX_REPLICAS) this.#replicas.set(replica, replica);
    return replica;
  }
}

function brokersWith(held: readonly Held[], what: Held): BrokerSet {
  let brokers = 0;
  for (let broker = 0; broker < held.length; broker++) if (held[broker] === what) brokers |= 1 << broker;
  return brokers;
}
