/**
 * Topics at rest, in columns: a place for each, numbers as numbers, and references to what many topics share. A place that
 * was left is taken by the next topic that comes to rest.
 */

import { type BrokerSet, has, type Policy } from '../../core/policy.ts';
import { atRest, type Held, heldAfter, type Message } from '../../core/register.ts';
import type { Topic } from './topic.ts';
import { messageBytes } from './topic-bytes.ts';
import { type TopicStatus, UNCOUNTED } from './topic-stats.ts';

/** Places that are made at once: what is not taken of them is all that is spent beyond the topics. */
const PAGE = 1024;

/** A column of which most pages hold one value throughout: it is kept once, until another one comes. */
class Column<T> {
  readonly #usual: T;
  #values: T[] | undefined;

  constructor(usual: T) {
    this.#usual = usual;
  }

  get(at: number): T {
    return this.#values === undefined ? this.#usual : (this.#values[at] as T);
  }

  set(at: number, value: T): void {
    if (this.#values === undefined && value === this.#usual) return;
    this.#values ??= new Array<T>(PAGE).fill(this.#usual);
    this.#values[at] = value;
  }

  /** Lets go what is there. */
  clear(at: number): void {
    this.set(at, this.#usual);
  }
}

class Page {
  readonly payloads = new Array<string>(PAGE).fill('');
  readonly properties: Column<string | undefined>;
  readonly times = new Float64Array(PAGE);
  readonly counters = new Uint32Array(PAGE);
  readonly replicas: Column<string>;
  readonly origins = new Int8Array(PAGE);
  readonly expiries = new Column(Number.POSITIVE_INFINITY);
  readonly ttlExpiries = new Column(Number.POSITIVE_INFINITY);
  /** Brokers that hold the winner, and those that are known to hold nothing. */
  readonly holding = new Uint32Array(PAGE);
  readonly absent = new Uint32Array(PAGE);
  readonly unretained = new Column<BrokerSet>(0);
  /** 1: the winner was seen everywhere. */
  readonly converged = new Uint8Array(PAGE);
  readonly policies: Column<Policy>;
  readonly seen = new Array<readonly number[]>(PAGE).fill(NEVER_SEEN);
  readonly statuses = new Array<TopicStatus>(PAGE).fill(UNCOUNTED);

  /** @param first what most topics are taken to be like */
  constructor({ register: { winner }, policy }: Topic) {
    this.properties = new Column(winner?.properties);
    this.replicas = new Column(winner?.version.replica ?? '');
    this.policies = new Column(policy);
  }
}

const NEVER_SEEN: readonly number[] = [];

/** Replica ids that are kept to be shared at most. */
const MAX_REPLICAS = 1_000;

export class RestingTopics {
  /** How many there are now; of those that came later than a topic nothing is known. */
  brokers: number;
  readonly #pages: Page[] = [];
  readonly #left: number[] = [];
  /** Places that were ever taken. */
  #taken = 0;
  /** The strings of versions come from the network, one for each message. */
  readonly #replicas = new Map<string, string>();

  constructor(brokers: number) {
    this.brokers = brokers;
  }

  get size(): number {
    return this.#taken - this.#left.length;
  }

  /** Returns its place. */
  add(topic: Topic): number {
    const place = this.#left.pop() ?? this.#taken++;
    if (place === this.#pages.length * PAGE) this.#pages.push(new Page(topic));
    this.write(place, topic);
    return place;
  }

  /** @throws TypeError for a topic that is not at rest */
  write(place: number, { register, policy, seen, convergedWinner, status }: Topic): void {
    const { winner, held, unretained } = register;
    if (winner === undefined) throw new TypeError('a topic without a winner is not at rest');
    const page = this.#pageOf(place);
    const at = place % PAGE;
    page.payloads[at] = winner.payload;
    page.properties.set(at, winner.properties);
    page.times[at] = winner.version.time;
    page.counters[at] = winner.version.counter;
    page.replicas.set(at, this.#sharedReplica(winner.version.replica));
    page.origins[at] = winner.origin;
    page.expiries.set(at, winner.messageExpiresAt);
    page.ttlExpiries.set(at, winner.ttlExpiresAt);
    page.holding[at] = brokersWith(held, winner);
    page.absent[at] = brokersWith(held, 'absent');
    page.unretained.set(at, unretained);
    page.converged[at] = Number(convergedWinner === winner);
    page.policies.set(at, policy);
    page.seen[at] = seen;
    page.statuses[at] = status;
  }

  read(place: number): Topic {
    const page = this.#pageOf(place);
    const at = place % PAGE;
    const winner: Message = {
      payload: page.payloads[at] as string,
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
    const held = this.#heldBy(page.holding[at] as number, page.absent[at] as number, winner);
    return {
      register: atRest(winner, held, page.unretained.get(at)),
      policy: page.policies.get(at),
      seen: page.seen[at] as readonly number[],
      convergedWinner: page.converged[at] === 1 ? winner : undefined,
      status: page.statuses[at] as TopicStatus,
    };
  }

  /** The broker at which the winner was written. */
  originOf(place: number): number {
    return this.#pageOf(place).origins[place % PAGE] as number;
  }

  /** Bytes of the winner: there is no other message. */
  bytesOf(place: number): number {
    const page = this.#pageOf(place);
    const at = place % PAGE;
    return messageBytes({ payload: page.payloads[at] as string, properties: page.properties.get(at) });
  }

  /** Lets go what the place refers to. */
  remove(place: number): void {
    const page = this.#pageOf(place);
    const at = place % PAGE;
    page.payloads[at] = '';
    page.properties.clear(at);
    page.policies.clear(at);
    page.seen[at] = NEVER_SEEN;
    this.#left.push(place);
  }

  #pageOf(place: number): Page {
    return this.#pages[Math.floor(place / PAGE)] as Page;
  }

  #heldBy(holding: BrokerSet, absent: BrokerSet, winner: Message): Held[] {
    const held = new Array<Held>(this.brokers);
    const holds = heldAfter(winner);
    for (let broker = 0; broker < this.brokers; broker++) {
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
