/**
 * Presence: each replicator leaves a retained message at each broker, which a will takes away, so that
 * replicators over the same broker know of each other.
 *
 * Over MQTT 5 several of them converge, by their stamps. Over MQTT 3.1.1 a copy that one of them made looks
 * like a client's write to the other, so there it must be said aloud.
 */

import type { IPublishPacket } from 'mqtt';
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

export class Presence {
  readonly #topic: string;
  readonly #filter: string;
  readonly #prefix: string;
  readonly #seen = new Set<string>();
  readonly #noticed: (replica: string) => void;
  readonly #state: StateTopics | undefined;
  #connection: Announcing | undefined;

  /**
   * @param noticed called once for each other replicator, with its id
   * @param state has the will for itself, if there is such; nothing could take a retained presence away then, so
   * replicators tell each other of themselves in passing
   */
  constructor(control: ControlTopics, noticed: (replica: string) => void, state?: StateTopics) {
    this.#state = state;
    this.#topic = control.of('presence');
    this.#filter = control.ofAllReplicas('presence');
    this.#prefix = this.#filter.slice(0, this.#filter.indexOf('+'));
    this.#noticed = noticed;
  }

  /** For CONNECT: what the broker is to publish when we are gone. */
  get will(): { topic: string; payload: Buffer; qos: 0 | 1; retain: true } {
    if (this.#state !== undefined) return this.#state.will;
    return { topic: this.#topic, payload: Buffer.alloc(0), qos: 0, retain: true };
  }

  /**
   * Tells others that we are here, and asks who else is, unless it is to tell only. Returns whether the broker answered;
   * never rejects, since nothing waits for this.
   */
  async announce(
    connection: Announcing,
    how: 'and listen' | 'only' = 'and listen',
  ): Promise<'answered' | 'unanswered'> {
    this.#connection = connection;
    this.#state?.announce(connection);
    this.#tell(connection);
    if (how === 'only' || !connection.limits.wildcards) return 'answered';
    const options = { qos: 0, replay: true, retainAsPublished: true } as const;
    return connection.subscribe([this.#filter], options).then(
      () => 'answered',
      () => 'unanswered',
    );
  }

  /** Takes the announcement away; a DISCONNECT would suppress the will. */
  withdraw(connection: Connection): Promise<void> {
    if (this.#state !== undefined) return this.#state.withdraw(connection);
    return new Promise(resolve => {
      connection.publish(this.#topic, Buffer.alloc(0), { qos: 0, retain: true }, () => resolve());
    });
  }

  /** Looks at a message of the connection. */
  observe({ topic, payload }: Pick<IPublishPacket, 'topic' | 'payload'>): void {
    if (!topic.startsWith(this.#prefix) || payload.length === 0 || topic === this.#topic) return;
    const [replica, purpose] = topic.split('/').slice(-3);
    if (purpose !== 'presence' || replica === undefined || this.#seen.has(replica)) return;
    if (!ID.test(replica) || this.#seen.size >= MOST_NAMED) return;
    this.#seen.add(replica);
    this.#noticed(replica);
    // It has come after us, and has nothing retained to know us by.
    if (this.#state !== undefined && this.#connection !== undefined) this.#tell(this.#connection);
  }

  #tell(connection: Announcing): void {
    const options = { qos: 0, retain: this.#state === undefined } as const;
    connection.publish(this.#topic, Buffer.from('online'), options, () => undefined);
  }
}
