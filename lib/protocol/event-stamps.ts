/**
 * The stamp of an event: by it our own echo is known, and an event does not go in a circle between replicators.
 *
 * As the stamp of a state message (stamps.ts) it is bound to its message by two digests, and the second one is keyed with the
 * secret of the store. A client that answers a request often copies the user properties of the request: its answer is no echo.
 */

import { MAX_BROKERS } from '../core/policy.ts';
import { type Delivery, type EventId, NO_PATH } from './event-records.ts';
import { EVENT, type MessageProperties, PATH, SENDER } from './properties.ts';
import { boundText, type Content, isBound, stampDigest } from './stamps.ts';

/** What the stamp of a message proves. */
export type EventProvenance =
  | { readonly kind: 'own'; readonly id: EventId }
  /** A client's message, or one of another replicator with the ids of the brokers that it has passed. */
  | { readonly kind: 'other'; readonly path: readonly string[] };

const CLIENT: EventProvenance = { kind: 'other', path: NO_PATH };

/** Ids in stamps come from the network. */
const ID = /^[\w-]{1,64}$/;
const NUMBER = /^[0-9a-z]{1,11}$/;

export class EventStamps {
  readonly #claim: string;
  readonly #secret: string;

  /**
   * @param from the replica, or the group of replicas with one secret
   * @param secret of the store, in base64url
   */
  constructor(from: string, secret: string) {
    this.#claim = `${from}.`;
    this.#secret = secret;
  }

  /** The user properties of a copy that we send. */
  of(delivery: Delivery, node: string): Readonly<Record<string, string>> {
    const { seq, origin, path } = delivery;
    const event = `${node}.${origin}.${seq.toString(36)}`;
    const joined = path.join(',');
    const text = boundText(delivery, `${event} ${joined}`);
    const sender = `${this.#claim}${stampDigest(text)}.${stampDigest(this.#secret + text)}`;
    return joined === ''
      ? { [SENDER]: sender, [EVENT]: event }
      : { [SENDER]: sender, [EVENT]: event, [PATH]: joined };
  }

  /** @param content with the properties as a canonical string */
  read(content: Content, properties: MessageProperties | undefined): EventProvenance {
    const user = properties?.userProperties;
    const sender = user?.[SENDER];
    const event = user?.[EVENT];
    const joined = user?.[PATH] ?? '';
    if (typeof sender !== 'string' || typeof event !== 'string' || typeof joined !== 'string') return CLIENT;
    const text = boundText(content, `${event} ${joined}`);
    if (sender.startsWith(this.#claim)) {
      const id = sender.endsWith(`.${stampDigest(this.#secret + text)}`) ? idOf(event) : undefined;
      return id === undefined ? CLIENT : { kind: 'own', id };
    }
    const path = joined === '' ? NO_PATH : joined.split(',');
    const isPath = path.length <= MAX_BROKERS && path.every(id => ID.test(id));
    return isPath && isBound(sender, text) ? { kind: 'other', path } : CLIENT;
  }
}

function idOf(event: string): EventId | undefined {
  const [node = '', , number = ''] = event.split('.');
  return NUMBER.test(number) ? { node, seq: Number.parseInt(number, 36) } : undefined;
}
