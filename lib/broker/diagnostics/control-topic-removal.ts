/**
 * Removes what mqttrep has left at a broker: retained control topics, for `mqttrep forget`. A broker acknowledges some
 * removals that it does not carry out, so the rest is read again.
 */

import { nanoid } from 'nanoid';
import { OWN_DISCOVERY } from '../../core/filter.ts';
import { ControlTopics } from '../../protocol/control-topics.ts';
import type { Connection } from '../connection/connection.ts';
import { isRefusal } from '../connection/filter-requests.ts';
import { publishAcknowledged } from '../connection/publish-acknowledged.ts';
import { readRetained } from '../retained/retained-read.ts';
import { Sentinel } from '../retained/sentinel.ts';
import { connectOnce, type DiagnosticsSettings } from './connect-once.ts';
import { EndOfInbox } from './end-of-inbox.ts';
import { Inbox } from './inbox.ts';

const REPLAY_ONLY = { qos: 0, replay: true, retainAsPublished: false } as const;

/** The devices of all software that Home Assistant finds: of these, only those of mqttrep are removed. */
const DISCOVERY_FILTER = `${OWN_DISCOVERY.slice(0, OWN_DISCOVERY.lastIndexOf('/'))}/+/config`;

/** Longest wait for an acknowledgement. */
const ANSWER_TIMEOUT_MS = 5_000;

/** More control topics than any set of mqttreps leaves at one broker. */
const MAX_TOPICS = 100_000;

export interface Removed {
  readonly removed: readonly string[];
  /** Topics that the broker still retains. */
  readonly left: readonly string[];
}

/**
 * @param isOurs whether a topic is to be removed: one below the control topic, or the discovery of a device
 * @throws (rejects) when the broker cannot be reached or read
 */
export async function removeControlTopics(
  settings: DiagnosticsSettings & { readonly controlPrefix: string },
  isOurs: (topic: string) => boolean,
  signal: AbortSignal,
): Promise<Removed> {
  const { connection } = await connectOnce(settings, signal);
  try {
    const reader = new ControlTopicReader(settings, connection, signal);
    const found = (await reader.read()).filter(isOurs);
    for (const topic of found)
      await publishAcknowledged(connection, topic, '', { qos: 1, retain: true }, ANSWER_TIMEOUT_MS);
    const left = new Set(found.length === 0 ? [] : await reader.read());
    return {
      removed: found.filter(topic => !left.has(topic)),
      left: found.filter(topic => left.has(topic)),
    };
  } finally {
    await connection.end();
  }
}

class ControlTopicReader {
  readonly #settings: DiagnosticsSettings & { readonly controlPrefix: string };
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #inbox: Inbox;

  constructor(
    settings: DiagnosticsSettings & { readonly controlPrefix: string },
    connection: Connection,
    signal: AbortSignal,
  ) {
    this.#settings = settings;
    this.#connection = connection;
    this.#signal = signal;
    this.#inbox = new Inbox(connection);
  }

  /** The retained control topics, without those of this read. */
  async read(): Promise<string[]> {
    const { controlPrefix, name } = this.#settings;
    const filter = `${controlPrefix}/#`;
    const filters = [filter, DISCOVERY_FILTER];
    const own = new ControlTopics(controlPrefix, `forget-${nanoid(10)}`, name).of('replay');
    const sentinel = new Sentinel(own, nanoid());
    const found = new Set<string>();
    this.#inbox.take = packet => {
      if (sentinel.observe(packet)) return;
      if (packet.retain && packet.payload.length > 0) found.add(packet.topic);
    };
    await sentinel.place(this.#connection);
    const end = new EndOfInbox(this.#inbox, sentinel, () => found.size > MAX_TOPICS, this.#signal);
    const { grants } = await readRetained(this.#connection, sentinel, filters, REPLAY_ONLY, end);
    await this.#connection.unsubscribe([...filters, ...sentinel.topics]);
    await sentinel.remove(this.#connection);
    this.#signal.throwIfAborted();
    if (grants.some(grant => grant.filter === filter && isRefusal(grant)))
      throw new Error(`the broker refuses the subscription to ${filter}: permit the account to read it`);
    if (this.#connection.hasEnded) throw new Error('the connection was lost during the read');
    return [...found];
  }
}
