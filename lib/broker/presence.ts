/**
 * Presence: each replicator leaves a retained message at each broker, so that replicators over the same broker know of
 * each other. Its will says that it is gone. The will has bytes, since some brokers refuse a will with an empty payload. So
 * what says `offline` stays retained where a replicator did not say goodbye: over MQTT 5 it expires.
 *
 * Over MQTT 5 several of them converge, by their stamps. Over MQTT 3.1.1 a copy that one of them made looks
 * like a client's write to the other, so there it must be said aloud.
 *
 * Two other mistakes show here. Presence names the process that wrote it: where a connection sees it from its own process
 * under the name of another broker, both names are one broker. And no will takes away which process was here last: where
 * that is a later process with our id, two run with copies of one store. They share their client id, so that brokers have
 * them throw each other out in turns: the one that is connected never sees the other's presence.
 */

import type { IPublishPacket } from 'mqtt';
import type { QoS } from '../core/policy.ts';
import type { ControlTopics } from '../protocol/control-topics.ts';
import type { Connection } from './connection/connection.ts';
import type { Limits } from './connection/limits.ts';
import type { StateTopics } from './state-topics.ts';

/** As much of a connection as is needed to tell others of us. */
type Announcing = Pick<Connection, 'publish' | 'subscribe'> & { readonly limits: Pick<Limits, 'wildcards'> };

/** Other replicators that are named: whoever may write control topics could make up any number. */
const MOST_NAMED = 100;

/** What ids look like; anything else is not ours, and could be made to be obeyed by a terminal. */
const ID = /^[\w-]{1,64}$/;

const ONLINE = 'online';

/** What the will says; an empty payload means the same, as the wills of earlier versions said it. */
const OFFLINE = 'offline';

/** Seconds after which an MQTT 5 broker removes what the will said. */
const OFFLINE_EXPIRY_SECONDS = 24 * 60 * 60;

/** Seconds after which an MQTT 5 broker forgets which process was here last: copies of a store meet within seconds. */
const PROCESS_EXPIRY_SECONDS = 60 * 60;

/** What processes are called: when they started, in milliseconds since 1970 and base 36, and a random part. */
const PROCESS = /^(?<start>[0-9a-z]{1,11})-[0-9a-z]{1,32}$/;

/** For CONNECT. */
export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** MQTT 5. */
  readonly properties?: { readonly messageExpiryInterval: number };
}

/** What is noticed of others. */
export interface Encounters {
  /** Called once for each other replicator, with its id. */
  readonly another: (replica: string) => void;
  /** The broker is also connected to under this name. */
  readonly sameBroker: (name: string) => void;
  /** A later process runs with a copy of our store; it has written to this topic. */
  readonly copyOfStore: (topic: string) => void;
}

export class Presence {
  readonly #topic: string;
  readonly #filter: string;
  readonly #prefix: string;
  /** Where each process with our id says that it was here. */
  readonly #processTopic: string;
  readonly #process: string;
  readonly #ourPrefix: string;
  readonly #seen = new Set<string>();
  readonly #encounters: Encounters;
  readonly #state: StateTopics | undefined;
  #connection: Announcing | undefined;

  /**
   * @param process what this process is called, see `isLater`
   * @param state has the will for itself, if there is such; nothing could take a retained presence away then, so
   * replicators tell each other of themselves in passing
   */
  constructor(control: ControlTopics, process: string, encounters: Encounters, state?: StateTopics) {
    this.#state = state;
    this.#process = process;
    this.#topic = control.of('presence');
    this.#filter = control.ofAllReplicas('presence');
    this.#processTopic = control.of('process');
    this.#ourPrefix = this.#topic.slice(0, this.#topic.lastIndexOf('/') + 1);
    this.#prefix = this.#filter.slice(0, this.#filter.indexOf('+'));
    this.#encounters = encounters;
  }

  /** For CONNECT: what the broker is to publish when we are gone. */
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
   * Tells others that we are here, and asks who else is, unless it is to tell only; and which process was here last.
   * Returns whether the broker answered; never rejects, since nothing waits for this.
   */
  async announce(
    connection: Announcing,
    how: 'and listen' | 'only' = 'and listen',
  ): Promise<'answered' | 'unanswered'> {
    this.#connection = connection;
    this.#state?.announce(connection);
    this.#tell(connection);
    if (how === 'only') return 'answered';
    const filters = connection.limits.wildcards ? [this.#filter, this.#processTopic] : [this.#processTopic];
    const options = { qos: 0, replay: true, retainAsPublished: true } as const;
    const isAnswered = await connection.subscribe(filters, options).then(
      () => true,
      () => false,
    );
    if (!isAnswered) return 'unanswered';
    // Not before: who was here last has been shown by now.
    void this.#write(connection, this.#processTopic, this.#process, {
      retain: true,
      properties: { messageExpiryInterval: PROCESS_EXPIRY_SECONDS },
    });
    return 'answered';
  }

  /** Takes the announcement away; a DISCONNECT would suppress the will. */
  async withdraw(connection: Connection): Promise<void> {
    const gone = this.#write(connection, this.#processTopic, '', { retain: true });
    if (this.#state !== undefined) await Promise.all([gone, this.#state.withdraw(connection)]);
    else await Promise.all([gone, this.#write(connection, this.#topic, '', { retain: true })]);
  }

  /** Looks at a message of the connection. */
  observe({ topic, payload }: Pick<IPublishPacket, 'topic' | 'payload'>): void {
    if (!topic.startsWith(this.#prefix) || saysGone(payload)) return;
    if (topic === this.#processTopic) {
      if (isLater(payload.toString(), this.#process)) this.#encounters.copyOfStore(topic);
      return;
    }
    if (topic === this.#topic) return;
    if (topic.startsWith(this.#ourPrefix)) {
      const isFromHere = payload.toString() === `${ONLINE} ${this.#process}`;
      if (isFromHere) this.#encounters.sameBroker(topic.slice(this.#ourPrefix.length));
      return;
    }
    this.#meet(topic);
  }

  #meet(topic: string): void {
    const [replica, purpose] = topic.split('/').slice(-3);
    if (purpose !== 'presence' || replica === undefined || this.#seen.has(replica)) return;
    if (!ID.test(replica) || this.#seen.size >= MOST_NAMED) return;
    this.#seen.add(replica);
    this.#encounters.another(replica);
    // It has come after us, and has nothing retained to know us by.
    if (this.#state !== undefined && this.#connection !== undefined) this.#tell(this.#connection);
  }

  #tell(connection: Announcing): void {
    const options = { retain: this.#state === undefined };
    void this.#write(connection, this.#topic, `${ONLINE} ${this.#process}`, options);
  }

  #write(
    connection: Pick<Connection, 'publish'>,
    topic: string,
    payload: string,
    options: Omit<Parameters<Connection['publish']>[2], 'qos'>,
  ): Promise<void> {
    return new Promise(resolve => {
      connection.publish(topic, Buffer.from(payload), { qos: 0, ...options }, () => resolve());
    });
  }
}

function saysGone(payload: string | Buffer): boolean {
  return payload.length === 0 || String(payload) === OFFLINE;
}

/**
 * Whether a process started after another one. A broker that went back in time shows an earlier one, which is none that
 * runs: so of two that run it is the earlier one that notices.
 */
export function isLater(one: string, other: string): boolean {
  const [a, b] = [one, other].map(name => PROCESS.exec(name)?.groups?.['start']);
  if (a === undefined || b === undefined) return false;
  const difference = Number.parseInt(a, 36) - Number.parseInt(b, 36);
  return difference === 0 ? one > other : difference > 0;
}
