/**
 * Presence: each replicator leaves a retained message at each broker, so that replicators at the same broker know of each
 * other. The will of a replicator says `offline`: some brokers refuse a will with an empty payload. After an end without
 * DISCONNECT that message stays retained; over MQTT 5 it expires.
 *
 * Over MQTT 5 several replicators converge by their stamps. Over MQTT 3.1.1 the copy that one of them publishes looks like a
 * write of a client to the other one. So the log warns of it there.
 *
 * Presence also shows two mistakes. It names the process that wrote it: if a connection sees its own process under the name of
 * another broker, both names are the same broker. A second topic names the last process. No will removes it. If it names a later
 * process with the same replica id, two processes run with copies of one store. These two share their client id, and
 * brokers disconnect them in turns, so the one that is connected never sees the presence of the other one.
 */

import type { ControlTopics } from '../protocol/control-topics.ts';
import type { Connection } from './connection/connection.ts';
import type { Limits } from './connection/limits.ts';
import { type PublishOutcome, publishAcknowledged } from './connection/publish-acknowledged.ts';
import type { Will } from './connection/will.ts';
import type { ReceivedMessage } from './lane/received-message.ts';
import type { StateTopics } from './state-topics.ts';

/** The part of a connection that is needed to announce presence. */
type Announcing = Pick<Connection, 'publish' | 'subscribe'> & { readonly limits: Pick<Limits, 'wildcards'> };

/** Most other replicators that are reported: any client that may write control topics could invent more. */
const MAX_REPORTED = 100;

/** A replica id. Anything else was not written by mqttrep, and might control the terminal that shows the log. */
const REPLICA_ID = /^[\w-]{1,64}$/;

const ONLINE = 'online';

/** The payload of the will. An empty payload means the same. */
const OFFLINE = 'offline';

/** An MQTT 5 broker removes the message of the will after this time. */
const OFFLINE_EXPIRY_SECONDS = 24 * 60 * 60;

/** An MQTT 5 broker removes the name of the last process after this time: copies of a store meet within seconds. */
const PROCESS_EXPIRY_SECONDS = 60 * 60;

/** The name of a process: the time of its start, in milliseconds since 1970 and base 36, and a random part. */
const PROCESS = /^(?<start>[0-9a-z]{1,11})-[0-9a-z]{1,32}$/;

/** What presence tells of others. */
export interface Encounters {
  /** Called once for each other replicator, with its id. */
  readonly another: (replica: string) => void;
  /** This process is connected to the same broker under this name, too. */
  readonly sameBroker: (name: string) => void;
  /** A later process runs with a copy of this store; it wrote to this topic. */
  readonly copyOfStore: (topic: string) => void;
}

export class Presence {
  readonly #topic: string;
  readonly #filter: string;
  readonly #prefix: string;
  /** Where each process with this replica id leaves its name. */
  readonly #processTopic: string;
  readonly #process: string;
  readonly #ownPrefix: string;
  readonly #seen = new Set<string>();
  readonly #encounters: Encounters;
  readonly #state: StateTopics | undefined;
  #connection: Announcing | undefined;

  /**
   * @param process the name of this process, see `isLater`
   * @param state uses the will for itself. Then nothing would remove a retained presence, so presence is transient, and is
   * published again when another replicator appears
   */
  constructor(control: ControlTopics, process: string, encounters: Encounters, state?: StateTopics) {
    this.#state = state;
    this.#process = process;
    this.#topic = control.of('presence');
    this.#filter = control.ofAllReplicas('presence');
    this.#processTopic = control.of('process');
    this.#ownPrefix = this.#topic.slice(0, this.#topic.lastIndexOf('/') + 1);
    this.#prefix = this.#filter.slice(0, this.#filter.indexOf('+'));
    this.#encounters = encounters;
  }

  /** For CONNECT. */
  get will(): Will {
    if (this.#state !== undefined) return this.#state.will;
    return {
      topic: this.#topic,
      payload: Buffer.from(OFFLINE),
      qos: 0,
      retain: true,
      // Left out over MQTT 3.1.1.
      properties: { messageExpiryInterval: OFFLINE_EXPIRY_SECONDS },
    };
  }

  /**
   * Publishes presence, and subscribes to that of others and to the name of the last process. Returns whether the broker
   * answered; never rejects, since nothing waits for it.
   * @param how `publish` leaves the SUBSCRIBE out
   */
  async announce(
    connection: Announcing,
    how: 'publish and subscribe' | 'publish' = 'publish and subscribe',
  ): Promise<'answered' | 'unanswered'> {
    this.#connection = connection;
    this.#state?.announce(connection);
    this.#publishPresence(connection);
    if (how === 'publish') return 'answered';
    const filters = connection.limits.wildcards ? [this.#filter, this.#processTopic] : [this.#processTopic];
    const options = { qos: 0, replay: true, retainAsPublished: true } as const;
    const isAnswered = await connection.subscribe(filters, options).then(
      () => true,
      () => false,
    );
    if (!isAnswered) return 'unanswered';
    // Only now: the name of the last process has been shown.
    void this.#publish(connection, this.#processTopic, this.#process, {
      retain: true,
      properties: { messageExpiryInterval: PROCESS_EXPIRY_SECONDS },
    });
    return 'answered';
  }

  /** Removes presence: after DISCONNECT the broker does not publish the will. */
  async withdraw(connection: Connection): Promise<void> {
    const gone = this.#publish(connection, this.#processTopic, '', { retain: true });
    if (this.#state !== undefined) await Promise.all([gone, this.#state.withdraw(connection)]);
    else await Promise.all([gone, this.#publish(connection, this.#topic, '', { retain: true })]);
  }

  /** A message of the connection arrived. */
  observe({ topic, payload }: Pick<ReceivedMessage, 'topic' | 'payload'>): void {
    if (!topic.startsWith(this.#prefix) || isOffline(payload)) return;
    if (topic === this.#processTopic) {
      if (isLater(payload.toString(), this.#process)) this.#encounters.copyOfStore(topic);
      return;
    }
    if (topic === this.#topic) return;
    if (topic.startsWith(this.#ownPrefix)) {
      const isOfThisProcess = payload.toString() === `${ONLINE} ${this.#process}`;
      if (isOfThisProcess) this.#encounters.sameBroker(topic.slice(this.#ownPrefix.length));
      return;
    }
    this.#meet(topic);
  }

  #meet(topic: string): void {
    const [replica, purpose] = topic.split('/').slice(-3);
    if (purpose !== 'presence' || replica === undefined || this.#seen.has(replica)) return;
    if (!REPLICA_ID.test(replica) || this.#seen.size >= MAX_REPORTED) return;
    this.#seen.add(replica);
    this.#encounters.another(replica);
    // The other one connected later, and no retained presence tells it of this one.
    if (this.#state !== undefined && this.#connection !== undefined) this.#publishPresence(this.#connection);
  }

  #publishPresence(connection: Announcing): void {
    const options = { retain: this.#state === undefined };
    void this.#publish(connection, this.#topic, `${ONLINE} ${this.#process}`, options);
  }

  #publish(
    connection: Pick<Connection, 'publish'>,
    topic: string,
    payload: string,
    options: Omit<Parameters<Connection['publish']>[2], 'qos'>,
  ): Promise<PublishOutcome> {
    return publishAcknowledged(connection, topic, payload, { qos: 0, ...options });
  }
}

function isOffline(payload: string | Buffer): boolean {
  return payload.length === 0 || String(payload) === OFFLINE;
}

/**
 * Whether a process started after another one. A broker that was rolled back shows an earlier process, which no longer runs.
 * So of two running processes the earlier one reports the later one.
 */
export function isLater(one: string, other: string): boolean {
  const [a, b] = [one, other].map(name => PROCESS.exec(name)?.groups?.['start']);
  if (a === undefined || b === undefined) return false;
  const difference = Number.parseInt(a, 36) - Number.parseInt(b, 36);
  return difference === 0 ? one > other : difference > 0;
}
