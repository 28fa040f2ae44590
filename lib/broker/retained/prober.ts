/**
 * Asks a broker what it retains under given topics: a second connection with a client id of its own, QoS 0,
 * exact topics, and a retained sentinel around them. Where the broker takes one connection only, it is asked on the one
 * that replicates (main-probes.ts).
 *
 * What the broker shows before the sentinel is there, what it does not show is absent; at a broker that answers in
 * any order, before it has been quiet upon the sentinel. Without a sentinel what is shown is there all the same; of the rest,
 * and where the subscription is refused, the answer is `unknown`, never `absent`. A wildcard would prove
 * presence only, since brokers cut long replays short.
 *
 * Artemis now and then answers nothing for 30 s to who unsubscribes from what it is just sending with QoS 0, nor to who
 * comes in his name. Such a connection is given up, and what was asked on it is asked on another, in another name.
 */

import type { IPublishPacket } from 'mqtt';
import type { Found, ProbePriority } from '../../core/events.ts';
import type { ProbeAnswer, ReadAccess } from '../../protocol/messages.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import { propertiesFault } from '../../protocol/property-faults.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { ReplayOrder } from '../capabilities/replay-order-test.ts';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import { type Grant, isRefusal, type SubscribeOptions } from '../connection/filter-requests.ts';
import { sizeOf } from '../connection/packet-guard.ts';
import { foundIn } from './found-in.ts';
import type { MainProbes } from './main-probes.ts';
import type { ReadProof } from './read-proof.ts';
import type { Sentinel } from './sentinel.ts';
import { SentinelVisibility } from '../capabilities/sentinel-visibility.ts';

const FOUND_ONLY: SubscribeOptions = { qos: 0, replay: true, retainAsPublished: false };

/** Topics in one SUBSCRIBE. */
const BATCH = 100;

/** Parents beneath which we prove at once that we can read. */
const PROOF_BATCH = 20;

/** Subscriptions that are left standing at most, where they cannot be ended but with the connection. */
const MOST_STANDING = 200;

/** Longest wait for the answer to one SUBSCRIBE, or UNSUBSCRIBE, in milliseconds. */
const ANSWER_LIMIT = 5_000;

/** How often a broker is asked that hangs up on the question, or has not stored the sentinel yet. */
const ATTEMPTS = 3;

/** Longest wait, in milliseconds, for the sentinel with the retain flag once it came without. */
const FLAGGED_LIMIT = 500;

/** Where the order tells nothing, quiet for so many milliseconds after the sentinel ends the answer. */
const SETTLED = 500;

/** Without a sentinel, quiet for so many milliseconds ends the answer. */
const PRESENCE_QUIET_MS = 500;

/** Longest wait, in milliseconds, for a sentinel that is just written to come back live. */
const WRITTEN_LIMIT_MS = 1_000;

/** The second connection is closed when it was not needed for so many milliseconds. */
const IDLE_LIMIT = 30_000;

export interface ProberDeps {
  readonly options: ConnectionOptions;
  /** Opens the second connection; `Connection.open` unless given. */
  readonly open?: (options: ConnectionOptions) => Promise<Connection>;
  /** For a broker that takes no second connection. */
  readonly main?: MainProbes | undefined;
  /** Undefined where mqttrep may write no topic of its own. */
  readonly sentinel: Sentinel | undefined;
  /** What is known of the sentinel, over all connections to the broker. */
  readonly visibility?: SentinelVisibility;
  /** Tells what the stamps of messages are worth; undefined where nobody wants to know. */
  readonly stamps: Pick<Stamps, 'read'> | undefined;
  /** In which the broker shows what it retains. */
  readonly order: () => ReplayOrder;
  /** Called where an answer goes on though it was over: it was in order by chance. */
  readonly outOfOrder: () => void;
  readonly answer: (answers: readonly ProbeAnswer[]) => void;
  /** How it is proven that we can read, and who is told; not needed where nobody asks for it. */
  readonly proof?: { readonly by: ReadProof; readonly tell: (answer: ReadAccess) => void } | undefined;
}

export class Prober {
  readonly #deps: ProberDeps;
  readonly #queues: Readonly<Record<ProbePriority, Set<string>>> = {
    urgent: new Set(),
    background: new Set(),
  };
  readonly #unproven = new Set<string>();
  readonly #visibility: SentinelVisibility;
  #connection: Connection | undefined;
  #idle: NodeJS.Timeout | undefined;
  #working = false;
  /** Resolves when nothing is under way. */
  #worked: Promise<void> = Promise.resolve();
  #closed = false;
  /** Ends the wait for an answer. */
  #stopWaiting: () => void = () => undefined;
  /** The sentinel is retained by way of the main connection. */
  #isPlacedOnMain = false;
  /** What was shown; unknown where it is too large, or malformed. */
  #found = new Map<string, Found | 'unknown'>();
  /** Asked for, or in an answer that did not come to its end: what is shown of these is no wonder. */
  #asked: Set<string> = new Set();
  #quiet: NodeJS.Timeout | undefined;
  /** Nothing was subscribed to on this connection yet. */
  #isNew = true;
  /**
   * It showed what was not asked for, as aMQTT does: that goes through all filters that were ever unsubscribed, until the
   * next start, whenever a client connects. With 1,500 of these and as many topics it takes more than a second.
   */
  #showsUnrequested = false;
  /** Subscriptions of this connection. */
  #standing = 0;
  /** The sentinel was not shown with the last answer. */
  #wasMissing = false;
  /** It came live: the broker had acknowledged it, and stored it only then. */
  #wasTooEarly = false;
  /** Connections that were, since the broker did not answer on them any more. */
  #givenUp = 0;

  constructor(deps: ProberDeps) {
    this.#deps = deps;
    this.#visibility = deps.visibility ?? new SentinelVisibility(() => undefined);
  }

  /** Whether an absence can be told, as far as is known. */
  get #sentinel(): Sentinel | undefined {
    return this.#visibility.tells === 'absence' ? this.#deps.sentinel : undefined;
  }

  /** Queues topics; each will be answered once, unless the prober is closed before. Questions come before looks. */
  probe(topics: readonly string[], priority: ProbePriority): void {
    for (const topic of topics) this.#queues[priority].add(topic);
    this.#start();
  }

  /** Those of the topics that are queued as looks are questions from now on. */
  promote(topics: readonly string[]): void {
    const { urgent, background } = this.#queues;
    for (const topic of topics) if (background.delete(topic)) urgent.add(topic);
  }

  /** Finds out whether we can read beneath these parents; each will be answered once, as topics are. */
  proveReadable(parents: readonly string[]): void {
    for (const parent of parents) this.#unproven.add(parent);
    this.#start();
  }

  /** Looks at a message of the main connection; returns whether it was for the probes, and is of no further interest. */
  observe(packet: IPublishPacket): boolean {
    const { main, proof, sentinel } = this.#deps;
    if (main?.areUsed() !== true) return false;
    if (proof?.by.observe(packet) === true || sentinel?.observe(packet) === true) {
      if (packet.retain) this.#quiet?.refresh();
      return true;
    }
    const kind = main.judge(packet);
    if (kind === 'answer') this.#take(packet);
    return kind !== 'live';
  }

  /** Gives no more answers. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const queue of [...Object.values(this.#queues), this.#unproven]) queue.clear();
    this.#stopWaiting();
    // What is subscribed to there must be ended before others subscribe.
    if (this.#deps.main?.areUsed() === true && !this.#deps.main.connection.hasEnded) await this.#worked;
    await this.#disconnect();
  }

  #start(): void {
    if (!this.#working) this.#worked = this.#work().catch(() => this.#failed());
  }

  async #work(): Promise<void> {
    this.#working = true;
    clearTimeout(this.#idle);
    for (;;) {
      const parents = takeFrom(this.#unproven, PROOF_BATCH);
      if (parents.length > 0) await this.#prove(parents);
      const topics = this.#next();
      if (topics.length > 0) await this.#answer(topics);
      else if (this.#unproven.size === 0) break;
    }
    this.#working = false;
    if (this.#closed) return;
    this.#idle = setTimeout(() => {
      this.#disconnect().catch(() => undefined);
    }, IDLE_LIMIT);
  }

  /** What is queued is answered, so that nothing waits for ever. */
  #failed(): void {
    this.#working = false;
    for (const queue of Object.values(this.#queues)) this.#tell(takeFrom(queue, queue.size).map(unknownAt));
  }

  async #answer(topics: readonly string[]): Promise<void> {
    if (this.#deps.sentinel !== undefined && this.#visibility.tells === 'nothing') {
      this.#tell(topics.map(unknownAt));
      return;
    }
    const answers = await this.#ask(topics);
    const absent = answers.filter(isAbsent).map(({ topic }) => topic);
    this.#tell(answers.filter(answer => !isAbsent(answer)));
    // Much follows from an absence, so it is believed only when it is found twice.
    if (absent.length > 0 && !this.#closed) this.#tell(await this.#ask(absent));
  }

  async #prove(parents: readonly string[]): Promise<void> {
    const { proof } = this.#deps;
    const connect = () => (this.#closed ? Promise.reject(new Error('closed')) : this.#connect());
    const proven = (await proof?.by.prove(connect, parents).catch(() => undefined)) ?? new Set<string>();
    if (this.#closed) return;
    const isProven = (parent: string) => proven.has(parent);
    proof?.tell({
      kind: 'read-access',
      proven: parents.filter(isProven),
      unproven: parents.filter(parent => !isProven(parent)),
    });
  }

  /** Some brokers take seconds for a batch, and looks may be many: a message waits for none of them. */
  #next(): string[] {
    const urgent = takeFrom(this.#queues.urgent, BATCH);
    return [...urgent, ...takeFrom(this.#queues.background, BATCH - urgent.length)];
  }

  #tell(answers: readonly ProbeAnswer[]): void {
    if (!this.#closed && answers.length > 0) this.#deps.answer(answers);
  }

  /** In as many parts as the broker takes, which may turn out as it is asked. */
  async #ask(topics: readonly string[]): Promise<ProbeAnswer[]> {
    const answers: ProbeAnswer[] = [];
    for (let left = topics; left.length > 0 && !this.#closed; left = topics.slice(answers.length)) {
      answers.push(...(await this.#askUnlessHungUp(left).catch(() => left.map(unknownAt))));
    }
    return answers;
  }

  /**
   * aMQTT hangs up on who connects while another one subscribes, and acknowledges the sentinel before it stores it: that
   * tells nothing, and a write whose place among others is in question must not wait for it.
   *
   * Returns the answers for the first of the topics, as many as fit into one SUBSCRIBE with the sentinel.
   */
  async #askUnlessHungUp(topics: readonly string[]): Promise<ProbeAnswer[]> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#connect();
      const around = this.#sentinel?.topics;
      const [part = topics] = connection.batches(this.#together(connection, topics), around);
      const answers = await this.#askBy(connection, part).catch((error: unknown) => {
        if (!connection.hasEnded) throw error;
        return part.map(unknownAt);
      });
      const isTaken = connection.batches(part, around).length === 1;
      const isAnswered = !connection.hasEnded && !this.#wasTooEarly && isTaken;
      if (isAnswered && around !== undefined && this.#wasMissing && !this.#closed) this.#visibility.missed();
      if (isAnswered || this.#closed || attempt === ATTEMPTS) return answers;
    }
  }

  #together(connection: Connection, topics: readonly string[]): readonly string[] {
    const { main } = this.#deps;
    return connection === main?.connection ? main.together(topics) : topics;
  }

  async #askBy(connection: Connection, topics: readonly string[]): Promise<ProbeAnswer[]> {
    const sentinel = this.#sentinel;
    // rumqttd takes off more of its time whenever it is shown.
    if (this.#wasMissing || sentinel?.isExpiring === true) await this.#place(connection);
    this.#found = new Map();
    for (const topic of topics) this.#asked.add(topic);
    const { grants, isComplete } = await this.#shown(connection, topics, sentinel);
    this.#wasMissing = sentinel !== undefined && !isComplete;
    this.#wasTooEarly = !isComplete && sentinel?.cameUnflagged === true;
    if (isComplete) this.#asked.clear();
    if (isComplete) this.#visibility.shown();
    else if (this.#found.size > 0) this.#visibility.showedRetained();
    const taken = sentinel?.cutAt(grants);
    if (taken !== undefined) connection.tookOnly(taken);
    const denied = new Set(grants.filter(isRefusal).map(({ filter }) => filter));
    return topics.map(topic => {
      const found = this.#found.get(topic);
      if (found !== undefined) return { topic, found };
      return isComplete && !denied.has(topic) ? { topic, found: 'absent' } : unknownAt(topic);
    });
  }

  /** Subscribes for as long as it takes. */
  async #shown(
    connection: Connection,
    topics: readonly string[],
    sentinel: Sentinel | undefined,
  ): Promise<Shown> {
    const { main } = this.#deps;
    const wanted = sentinel === undefined ? topics : [...sentinel.topics, ...topics];
    if (connection === main?.connection) {
      const qos = main.begin(topics);
      try {
        // Beside a filter of the user it must not say anything else of live messages than that.
        return await this.#heard(connection, topics, sentinel, {
          qos,
          replay: true,
          retainAsPublished: true,
        });
      } finally {
        await main.end(wanted);
      }
    }
    // Retain-as-published is off, so that on MQTT 5 too the flag is set in replays only.
    this.#isNew = false;
    const shown = await this.#heard(connection, topics, sentinel, FOUND_ONLY);
    if (this.#showsUnrequested) this.#standing += wanted.length;
    else this.#release(connection, wanted).catch(() => connection.destroy());
    return shown;
  }

  /** Subscribes, and takes in what is shown until the sentinel was, or until it is awaited no longer. */
  async #heard(
    connection: Connection,
    topics: readonly string[],
    sentinel: Sentinel | undefined,
    how: SubscribeOptions,
  ): Promise<Shown> {
    const limits: NodeJS.Timeout[] = [];
    const { wanted, seen, unflagged } = sentinel?.around(topics) ?? { wanted: topics };
    const complete = Promise.race([
      ...(seen === undefined ? [] : [seen.then(() => this.#silence())]),
      connection.closed.then(() => false),
      new Promise<false>(resolve => {
        this.#stopWaiting = () => resolve(false);
        limits.push(setTimeout(() => resolve(false), ANSWER_LIMIT));
        // It may be seen with the flag as well, and be waited for then until there is silence.
        const giveUp = () => sentinel?.isSeen === true || resolve(false);
        void unflagged?.then(() => limits.push(setTimeout(giveUp, FLAGGED_LIMIT)));
      }),
    ]);
    const unanswered = this.#giveUpLater(connection);
    try {
      const grants = await connection.subscribe(wanted, how);
      clearTimeout(unanswered);
      if (sentinel === undefined) this.#quiet = setTimeout(this.#stopWaiting, PRESENCE_QUIET_MS);
      return { grants, isComplete: await complete };
    } finally {
      for (const limit of [...limits, unanswered, this.#quiet]) clearTimeout(limit);
    }
  }

  /** What is asked next goes out meanwhile. */
  async #release(connection: Connection, filters: readonly string[]): Promise<void> {
    const unanswered = this.#giveUpLater(connection);
    await connection.unsubscribe(filters);
    clearTimeout(unanswered);
  }

  /** aMQTT may answer nothing to who connects while another one subscribes, instead of hanging up. */
  #giveUpLater(connection: Connection): NodeJS.Timeout | undefined {
    // Of the main connection others look after that.
    if (connection === this.#deps.main?.connection) return undefined;
    return setTimeout(() => {
      this.#givenUp++;
      if (this.#connection === connection) this.#connection = undefined;
      connection.destroy();
    }, ANSWER_LIMIT);
  }

  async #silence(): Promise<true> {
    if (this.#deps.order() === 'any') {
      await new Promise<void>(resolve => {
        this.#quiet = setTimeout(resolve, SETTLED);
      });
    }
    return true;
  }

  #take(packet: IPublishPacket): void {
    this.#quiet?.refresh();
    if (this.#deps.proof?.by.observe(packet) === true) return;
    this.#showsUnrequested ||= this.#isNew && packet.retain;
    if (this.#deps.sentinel?.observe(packet) === true || !packet.retain || packet.payload.length === 0)
      return;
    if (!this.#asked.has(packet.topic)) this.#deps.outOfOrder();
    const properties = packet.properties as MessageProperties | undefined;
    const isTooLarge = sizeOf(packet.payload as Buffer) > this.#deps.options.largestPayload;
    // The intake refuses such a message as well: what the broker retains is then nothing that could be given to others.
    if (isTooLarge || propertiesFault(properties) !== undefined) {
      this.#found.set(packet.topic, 'unknown');
      return;
    }
    this.#found.set(packet.topic, foundIn(packet, this.#deps.options.protocolVersion, this.#deps.stamps));
  }

  async #connect(): Promise<Connection> {
    const { main } = this.#deps;
    if (main?.areUsed() === true) return this.#connectByMain(main);
    if (this.#standing >= MOST_STANDING) await this.#disconnect();
    if (this.#connection !== undefined) return this.#connection;
    try {
      return await this.#open();
    } catch (error) {
      // It has just turned out that the broker takes no second one.
      if (main?.areUsed() === true) return this.#connectByMain(main);
      throw error;
    }
  }

  async #open(): Promise<Connection> {
    const { options, open = Connection.open } = this.#deps;
    const name = this.#givenUp === 0 ? options.clientId : `${options.clientId}${this.#givenUp + 1}`;
    const connection = await open({ ...options, clientId: name });
    this.#isNew = true;
    this.#standing = 0;
    connection.receive((packet, done) => {
      this.#take(packet);
      done();
    });
    this.#connection = connection;
    void connection.closed.then(() => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    await this.#place(connection);
    return connection;
  }

  async #connectByMain(main: MainProbes): Promise<Connection> {
    await main.ready;
    if (main.connection.hasEnded || this.#closed) throw new Error('the connection has ended');
    if (!this.#isPlacedOnMain) await this.#place(main.connection);
    return main.connection;
  }

  /** On the main connection a filter of the user may bring the sentinel live, which must not be taken for the answer. */
  async #place(connection: Connection): Promise<void> {
    const { main } = this.#deps;
    const sentinel = this.#sentinel;
    if (sentinel === undefined) return;
    const isOnMain = connection === main?.connection;
    if (!isOnMain || !main.areLiveFlagged) {
      await sentinel.place(connection);
    } else {
      const cameBack = sentinel.again();
      await sentinel.place(connection);
      await Promise.race([cameBack, new Promise(resolve => setTimeout(resolve, WRITTEN_LIMIT_MS))]);
    }
    this.#isPlacedOnMain ||= isOnMain;
  }

  async #disconnect(): Promise<void> {
    clearTimeout(this.#idle);
    const { sentinel, main } = this.#deps;
    if (this.#isPlacedOnMain && main?.connection.hasEnded === false) await sentinel?.remove(main.connection);
    this.#isPlacedOnMain = false;
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    await sentinel?.remove(connection);
    await connection.end();
  }
}

interface Shown {
  readonly grants: readonly Grant[];
  /** The sentinel was shown: what was not is absent. */
  readonly isComplete: boolean;
}

/** Takes out those that came first, so many at most. */
function takeFrom(queue: Set<string>, most: number): string[] {
  const taken: string[] = [];
  for (const topic of queue) {
    if (taken.length === most) break;
    queue.delete(topic);
    taken.push(topic);
  }
  return taken;
}

function isAbsent({ found }: ProbeAnswer): boolean {
  return found === 'absent';
}

/** The answer where the broker did not say. */
export function unknownAt(topic: string): ProbeAnswer {
  return { topic, found: 'unknown' };
}
