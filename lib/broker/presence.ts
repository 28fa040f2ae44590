/**
 * Presence: each replicator leaves a retained message at each broker, which a will takes away, so that
 * replicators over the same broker know of each other.
 *
 * Over MQTT 5 several of them converge, by their stamps. Over MQTT 3.1.1 a copy that one of them made looks
 * like a client's write to the other, so there it must be said aloud.
 */

import type { IPublishPacket } from 'mqtt';
import type { ControlTopics } from '../protocol/control-topics.ts';
import type { Connection } from './connection.ts';
import type { Limits } from './limits.ts';

export class Presence {
  readonly #topic: string;
  readonly #filter: string;
  readonly #prefix: string;
  readonly #seen = new Set<string>();
  readonly #noticed: (replica: string) => void;

  /** @param noticed called once for each other replicator, with its id */
  constructor(control: ControlTopics, noticed: (replica: string) => void) {
    this.#topic = control.of('presence');
    this.#filter = control.ofAllReplicas('presence');
    this.#prefix = this.#filter.slice(0, this.#filter.indexOf('+'));
    this.#noticed = noticed;
  }

  /** For CONNECT: what the broker is to publish when we are gone. */
  get will(): { topic: string; payload: Buffer; qos: 0; retain: true } {
    return { topic: this.#topic, payload: Buffer.alloc(0), qos: 0, retain: true };
  }

  /** Tells others that we are here, and asks who else is. */
  async announce(
    connection: Pick<Connection, 'publish' | 'subscribe'> & { readonly limits: Pick<Limits, 'wildcards'> },
  ): Promise<void> {
    connection.publish(this.#topic, Buffer.from('online'), { qos: 0, retain: true }, () => undefined);
    if (!connection.limits.wildcards) return;
    await connection.subscribe([this.#filter], { qos: 0, replay: true, retainAsPublished: true });
  }

  /** Takes the announcement away; a DISCONNECT would suppress the will. */
  withdraw(connection: Connection): Promise<void> {
    return new Promise(resolve => {
      connection.publish(this.#topic, Buffer.alloc(0), { qos: 0, retain: true }, () => resolve());
    });
  }

  /** Looks at a message of the connection. */
  observe({ topic, payload }: Pick<IPublishPacket, 'topic' | 'payload'>): void {
    if (!topic.startsWith(this.#prefix) || payload.length === 0 || topic === this.#topic) return;
    const [replica, purpose] = topic.split('/').slice(-3);
    if (purpose !== 'presence' || replica === undefined || this.#seen.has(replica)) return;
    this.#seen.add(replica);
    this.#noticed(replica);
  }
}
