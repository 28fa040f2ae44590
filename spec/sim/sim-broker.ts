/** A simulated broker. It stores messages in the order of arrival, delivers them in that order, and replays what it retains. */

import type { LiveFlag } from '../../lib/broker/capabilities/live-flag-test.ts';
import { matches } from '../../lib/core/filter.ts';
import type { Version } from '../../lib/core/version.ts';
import type { MessageProperties } from '../../lib/protocol/properties.ts';
import { type Provenance, UNSTAMPED } from '../../lib/protocol/stamps.ts';
import type { SimLink } from './sim-link.ts';

export interface SimBrokerOptions {
  readonly name: string;
  /** Whether it speaks MQTT 5, with Retain As Published and stamps; else MQTT 3.1.1. */
  readonly mqtt5: boolean;
  /** What it does with the retain flag of live messages over MQTT 5; kept by default. */
  readonly liveFlag?: LiveFlag;
  /** The initial latency from a replicator to the broker, and back, in milliseconds. */
  readonly latency: number;
  /** The limit of messages that travel to one subscriber; further messages are dropped silently. */
  readonly queue: number;
  /** See `SimBroker.races`. */
  readonly races?: boolean;
  /** Replicators publish at QoS 0 there: a publish counts as sent though a cut of the link loses it. */
  readonly qos0?: boolean;
  /** Replicators may not write control topics there, so it has no markers. */
  readonly unmarked?: boolean;
}

/** The stamp that a replicator writes into MQTT 5 user properties. Clients may copy it. */
export interface SimStamp {
  readonly version: Version;
  readonly sender: string;
  /** The content to which it is bound. */
  readonly content: string;
}

/** A stamp as a replicator writes it. A stamp of another replica can be forged; one of our own needs our secret. */
export function simStamp(
  { topic, payload }: Pick<SimMessage, 'topic' | 'payload'>,
  version: Version,
  sender: string,
): SimStamp {
  return { version, sender, content: contentOf({ topic, payload }) };
}

/** What a replicator concludes from the stamp of a message. */
export function provenanceOf(message: SimMessage, replica: string): Provenance {
  const { stamp } = message;
  if (stamp === undefined) return UNSTAMPED;
  const { version, sender, content } = stamp;
  const isOurs = sender === replica;
  if (content !== contentOf(message)) return { ...UNSTAMPED, claim: isOurs ? version : undefined };
  return { stamp: version, own: isOurs, claim: undefined };
}

function contentOf({ topic, payload }: Pick<SimMessage, 'topic' | 'payload'>): string {
  return JSON.stringify([topic, payload]);
}

export interface SimMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** Undefined for a message of a client, and at a broker of MQTT 3.1.1. */
  readonly stamp: SimStamp | undefined;
  /** In the form of MQTT.js; undefined for none, and at a broker of MQTT 3.1.1. */
  readonly properties?: MessageProperties | undefined;
}

/** A change of a topic, with the message that the broker retained before. */
interface Change {
  readonly at: number;
  readonly topic: string;
  readonly before: SimMessage | undefined;
}

/** How far a broker can roll back to any moment, in milliseconds. Before that it has only what it saved. */
export const JOURNAL_AGE_MS = 2_000;

/** Two writes within so many milliseconds race, at a broker with races. */
const RACE_WINDOW_MS = 50;

/** A publisher at the broker: the connection of a replicator, or its clients, which count as one. */
type Writer = SimLink | 'clients';

/** The prefix of the control topics. */
export const CONTROL = 'mqttrep/';

export class SimBroker {
  readonly name: string;
  readonly mqtt5: boolean;
  readonly liveFlag: LiveFlag;
  readonly latency: number;
  readonly qos0: boolean;
  readonly unmarked: boolean;
  queue: number;
  /** The largest payload that it takes from a replicator, in bytes. */
  largest = Number.POSITIVE_INFINITY;
  /** If two publishers write a topic at once, it delivers one last and retains the message of the other. */
  races: boolean;
  readonly retained = new Map<string, SimMessage>();
  /** All messages that a subscriber of this broker would have received, as `topic=payload`. */
  readonly seen: string[] = [];
  /** Topics that replicators may not publish. The broker acknowledges such a publish and drops it, as over MQTT 3.1.1. */
  readonly denied = new Set<string>();
  /** Topic filters that replicators may not read. The broker grants subscriptions and shows nothing. */
  readonly unreadable = new Set<string>();
  /** The connections to it, one for each replicator. */
  readonly links: SimLink[] = [];
  /** The number of publishes of replicators that arrived. */
  received = 0;
  /** The number of topics that replicators probed. */
  probed = 0;
  #saved: ReadonlyMap<string, SimMessage> = new Map();
  /** The latest changes of what it retains, the oldest first. */
  readonly #journal: Change[] = [];
  /** The last write of each topic. */
  readonly #lastWrites = new Map<string, { readonly writer: Writer; readonly at: number }>();

  constructor({
    name,
    mqtt5,
    liveFlag = 'as published',
    latency,
    queue,
    races = false,
    qos0 = false,
    unmarked = false,
  }: SimBrokerOptions) {
    this.name = name;
    this.mqtt5 = mqtt5;
    this.liveFlag = mqtt5 ? liveFlag : 'dropped';
    this.latency = latency;
    this.queue = queue;
    this.races = races;
    this.qos0 = qos0;
    this.unmarked = unmarked;
  }

  /** A client publishes at this broker. */
  write(topic: string, payload: string, retain = true, properties?: MessageProperties): void {
    this.store({ topic, payload, stamp: undefined, retain, properties: this.mqtt5 ? properties : undefined });
  }

  /** A client publishes a new payload with the stamp of the retained message that it has read. */
  copy(topic: string, payload: string): void {
    this.store({ topic, payload, stamp: this.retained.get(topic)?.stamp, retain: true });
  }

  /** Evicts a topic, as a broker with a limit does, and tells nobody. */
  evict(topic: string): void {
    this.retained.delete(topic);
  }

  store(message: SimMessage, writer: Writer = 'clients'): void {
    const { topic, payload, retain } = message;
    if (retain && !this.#losesRace(topic, writer)) {
      this.#note(topic);
      if (payload === '') this.retained.delete(topic);
      else this.retained.set(topic, message);
    }
    if (!topic.startsWith(CONTROL)) this.seen.push(`${topic}=${payload}`);
    for (const link of this.links) link.published(message);
  }

  /** Whether replicators may read the topic. */
  isReadable(topic: string): boolean {
    if (this.unreadable.size === 0 || topic.startsWith(CONTROL)) return true;
    for (const filter of this.unreadable) if (matches(filter, topic)) return false;
    return true;
  }

  /** Notes what the broker retains before it changes. */
  #note(topic: string): void {
    const now = performance.now();
    while ((this.#journal[0]?.at ?? now) < now - JOURNAL_AGE_MS) this.#journal.shift();
    this.#journal.push({ at: now, topic, before: this.retained.get(topic) });
  }

  /** Whether the message of another publisher is stored after this one, though it was delivered before. */
  #losesRace(topic: string, writer: Writer): boolean {
    if (!this.races || topic.startsWith(CONTROL)) return false;
    const last = this.#lastWrites.get(topic);
    const at = performance.now();
    this.#lastWrites.set(topic, { writer, at });
    return last !== undefined && last.writer !== writer && at - last.at < RACE_WINDOW_MS;
  }

  // ── its machine, and the network around it ─────────────────────────────────────────────────────────

  cut(): void {
    for (const link of this.links) link.cut();
  }

  connect(): void {
    for (const link of this.links) link.connect();
  }

  wipe(): void {
    this.retained.clear();
    this.#journal.length = 0;
  }

  /** Saves what it retains, as a broker does periodically. */
  autosave(): void {
    this.#saved = new Map(this.retained);
  }

  /** The broker is killed, and returns with what it saved last. */
  goBack(): void {
    this.wipe();
    for (const [topic, message] of this.#saved) this.retained.set(topic, message);
  }

  /** The broker is killed, and returns with what it retained so many milliseconds ago, at most `JOURNAL_AGE_MS`. */
  goBackBy(milliseconds: number): void {
    const since = performance.now() - milliseconds;
    for (let change = this.#journal.pop(); change !== undefined; change = this.#journal.pop()) {
      const { at, topic, before } = change;
      if (at <= since) break;
      if (before === undefined) this.retained.delete(topic);
      else this.retained.set(topic, before);
    }
    this.#journal.length = 0;
  }

  /** How many of the next messages to each replicator are lost, as in a queue that overflows. */
  set dropping(count: number) {
    for (const link of this.links) link.deliveries.dropping = count;
  }
}
