/**
 * A broker: stores what it is sent in the order of arrival, delivers to its subscribers in that order, and
 * replays what it retains.
 */

import type { LiveFlag } from '../../lib/broker/capabilities/live-flag-test.ts';
import { matches } from '../../lib/core/filter.ts';
import type { Version } from '../../lib/core/version.ts';
import type { MessageProperties } from '../../lib/protocol/properties.ts';
import { type Provenance, UNSTAMPED } from '../../lib/protocol/stamps.ts';
import type { SimLink } from './sim-link.ts';

export interface SimBrokerOptions {
  readonly name: string;
  /** Whether it speaks MQTT 5: retain as published, and stamps. Else MQTT 3.1.1. */
  readonly mqtt5: boolean;
  /** Over MQTT 5, what becomes of the retain flag of live messages; it is kept unless given. */
  readonly liveFlag?: LiveFlag;
  /** Milliseconds from a replicator to the broker, and the same back, at first. */
  readonly latency: number;
  /** Messages that may be on the way to one subscriber; what comes then is dropped without a word. */
  readonly queue: number;
  /** See `SimBroker.races`. */
  readonly races?: boolean;
  /** Replicators publish at QoS 0 there: what is on the way when a link is cut counted as sent. */
  readonly qos0?: boolean;
  /** Replicators may not write control topics there, so it keeps no markers. */
  readonly unmarked?: boolean;
}

/** What a replicator writes into the user properties of MQTT 5, and clients copy. */
export interface SimStamp {
  readonly version: Version;
  readonly sender: string;
  /** What it is bound to. */
  readonly content: string;
}

/** A stamp as its replicator writes it. Without the replica's secret anyone can write another replica's, but not its own. */
export function simStamp(
  { topic, payload }: Pick<SimMessage, 'topic' | 'payload'>,
  version: Version,
  sender: string,
): SimStamp {
  return { version, sender, content: contentOf({ topic, payload }) };
}

/** What a replicator makes of the stamp of a message. */
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
  /** Undefined for what a client wrote, and at a broker of MQTT 3.1.1. */
  readonly stamp: SimStamp | undefined;
  /** As MQTT.js gives and takes them; undefined for none, and at a broker of MQTT 3.1.1. */
  readonly properties?: MessageProperties | undefined;
}

/** A topic, and what the broker retained there before it changed. */
interface Change {
  readonly at: number;
  readonly topic: string;
  readonly before: SimMessage | undefined;
}

/** Milliseconds that a broker can go back by; longer ago is only what it saved. */
export const JOURNAL_AGE = 2_000;

/** Writes that come within so many milliseconds of each other race, at a broker that lets them. */
const RACE = 50;

/** Who publishes at the broker: a connection of a replicator, or its clients, which are one to it. */
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
  /** Bytes of payload that it takes at most from a replicator. */
  largest = Number.POSITIVE_INFINITY;
  /** Of two writers that write a topic at once it delivers the one last, and retains what the other wrote. */
  races: boolean;
  readonly retained = new Map<string, SimMessage>();
  /** Everything a subscriber of this broker would have seen, as `topic=payload`. */
  readonly seen: string[] = [];
  /** Topics that replicators may not publish: acknowledged and thrown away, as 3.1.1 brokers do. */
  readonly denied = new Set<string>();
  /** Topic filters that replicators may not read: subscriptions are granted, and nothing is shown. */
  readonly unreadable = new Set<string>();
  /** The connections to it, of one replicator each. */
  readonly links: SimLink[] = [];
  /** Publishes of replicators that arrived. */
  received = 0;
  /** Topics that replicators asked for by their names. */
  probed = 0;
  #saved: ReadonlyMap<string, SimMessage> = new Map();
  /** The latest changes of what it retains, the oldest first. */
  readonly #journal: Change[] = [];
  /** Of each topic, and when. */
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

  /** A client publishes here, whether or not a replicator is connected. */
  write(topic: string, payload: string, retain = true, properties?: MessageProperties): void {
    this.store({ topic, payload, stamp: undefined, retain, properties: this.mqtt5 ? properties : undefined });
  }

  /** A client publishes here what it makes of the retained message that it has read, and copies its stamp along. */
  copy(topic: string, payload: string): void {
    this.store({ topic, payload, stamp: this.retained.get(topic)?.stamp, retain: true });
  }

  /** Forgets a topic by itself, as a broker with a limit does: nobody is told. */
  evict(topic: string): void {
    this.retained.delete(topic);
  }

  store(message: SimMessage, writer: Writer = 'clients'): void {
    const { topic, payload, retain } = message;
    if (retain && !this.#isOvertaken(topic, writer)) {
      this.#note(topic);
      if (payload === '') this.retained.delete(topic);
      else this.retained.set(topic, message);
    }
    if (!topic.startsWith(CONTROL)) this.seen.push(`${topic}=${payload}`);
    for (const link of this.links) link.published(message);
  }

  /** A replicator is shown what is under the topic. */
  isReadable(topic: string): boolean {
    if (this.unreadable.size === 0 || topic.startsWith(CONTROL)) return true;
    for (const filter of this.unreadable) if (matches(filter, topic)) return false;
    return true;
  }

  /** Notes what the broker retains before that changes. */
  #note(topic: string): void {
    const now = performance.now();
    while ((this.#journal[0]?.at ?? now) < now - JOURNAL_AGE) this.#journal.shift();
    this.#journal.push({ at: now, topic, before: this.retained.get(topic) });
  }

  /** Whether what another has just written is stored after this, though it was delivered before. */
  #isOvertaken(topic: string, writer: Writer): boolean {
    if (!this.races || topic.startsWith(CONTROL)) return false;
    const last = this.#lastWrites.get(topic);
    const at = performance.now();
    this.#lastWrites.set(topic, { writer, at });
    return last !== undefined && last.writer !== writer && at - last.at < RACE;
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

  /** Saves what it retains, as a broker does from time to time. */
  autosave(): void {
    this.#saved = new Map(this.retained);
  }

  /** Is killed, and comes back with what it saved last. */
  goBack(): void {
    this.wipe();
    for (const [topic, message] of this.#saved) this.retained.set(topic, message);
  }

  /** Is killed, and comes back with what it retained so many milliseconds ago, at most `JOURNAL_AGE`. */
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

  /** How many of the next messages to each replicator are lost, as when a queue overflows. */
  set dropping(count: number) {
    for (const link of this.links) link.dropping = count;
  }
}
