/**
 * What the control topics of a broker tell an event connection: the id of the broker, and other replicators that deliver events.
 *
 * The id is retained by the first replicator that finds none. If the broker shows another id later, or another replicator comes
 * or goes where that matters, the connection has to begin again.
 */

import { randomBytes } from 'node:crypto';
import { brokerIdTopic, type ControlTopics } from '../../protocol/control-topics.ts';
import type { Connection } from '../connection/connection.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import { Condition } from '../timing/condition.ts';

/** 16 characters. */
const ID_BYTES = 12;

const ID = /^[\w-]{1,64}$/;
const REPLICA = /^[\w-]{1,64}$/;

/** Any client that may write control topics could invent more. */
const MAX_OTHERS = 100;

const ANSWER_TIMEOUT_MS = 5_000;

export const ONLINE = 'online';
export const OFFLINE = 'offline';

export class EventSurroundings {
  readonly #connection: Connection;
  readonly #topics: ControlTopics;
  readonly #prefix: string;
  readonly #own: string;
  readonly #others = new Set<string>();
  readonly #condition = new Condition();
  #shownId: string | undefined;
  #keptId: string | undefined;
  #isShown = false;
  #isWithdrawn = false;

  constructor(connection: Connection, topics: ControlTopics, prefix: string) {
    this.#connection = connection;
    this.#topics = topics;
    this.#prefix = prefix;
    this.#own = topics.of('events');
  }

  /** The id of the broker; undefined if it does not keep one. */
  get id(): string | undefined {
    return this.#shownId ?? this.#keptId;
  }

  get others(): ReadonlySet<string> {
    return this.#others;
  }

  /**
   * Asks what the broker retains. Resolves when it is asked. `end` resolves when it has answered, or has not for a while; if it
   * has no id, one is left there.
   * @param keptId the id that counts until the broker shows one; undefined if it may be another broker
   */
  async ask(keptId: string | undefined): Promise<{ readonly end: Promise<void> }> {
    this.#keptId = keptId;
    const connection = this.#connection;
    const { wildcards } = connection.limits;
    const sentinel = this.#topics.of('event-sentinel');
    const filters = [brokerIdTopic(this.#prefix), sentinel];
    if (wildcards) filters.unshift(this.#topics.ofAllReplicas('events'));
    await connection.subscribe(filters, { qos: 0, replay: true, retainAsPublished: true });
    this.#publish(sentinel, '', { retain: false });
    return { end: this.#answer() };
  }

  async #answer(): Promise<void> {
    const { retains } = this.#connection.limits;
    const isAnswered = await this.#until(() => this.#isShown);
    if (this.#isWithdrawn) return;
    this.#publish(this.#own, ONLINE, { retain: retains });
    if (!isAnswered || this.#shownId !== undefined || !retains) return;
    const id = this.#keptId ?? randomBytes(ID_BYTES).toString('base64url');
    this.#publish(brokerIdTopic(this.#prefix), id, { retain: true });
    await this.#until(() => this.#shownId !== undefined);
  }

  /** Removes the presence. */
  withdraw(): void {
    this.#isWithdrawn = true;
    this.#publish(this.#own, '', { retain: this.#connection.limits.retains });
  }

  /** A message under a control topic has come. */
  observe({ topic, payload }: ReceivedMessage): void {
    if (topic === brokerIdTopic(this.#prefix)) this.#showsId(String(payload));
    else if (topic === this.#topics.of('event-sentinel')) this.#isShown = true;
    else this.#showsReplicator(topic, String(payload));
    this.#condition.check();
  }

  async #until(condition: () => boolean): Promise<boolean> {
    const ended = this.#connection.closed.then(() => false);
    return Promise.race([this.#condition.until(condition, ANSWER_TIMEOUT_MS), ended]);
  }

  #showsId(id: string): void {
    if (ID.test(id)) this.#shownId = id;
  }

  #showsReplicator(topic: string, presence: string): void {
    const [replica = '', purpose, , ...rest] = topic.slice(this.#prefix.length + 1).split('/');
    const isPresence = purpose === 'events' && rest.length === 0 && REPLICA.test(replica);
    if (!isPresence || this.#own.startsWith(`${this.#prefix}/${replica}/`)) return;
    if (presence !== ONLINE) this.#others.delete(replica);
    else if (this.#others.size < MAX_OTHERS) this.#others.add(replica);
  }

  #publish(topic: string, payload: string, { retain }: { readonly retain: boolean }): void {
    this.#connection.publish(topic, Buffer.from(payload), { qos: 0, retain }, () => undefined);
  }
}
