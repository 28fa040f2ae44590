/**
 * What comes in: each PUBLISH becomes an observation, and batches of observations go to the reconciler. A batch leaves at the
 * end of the turn of the event loop, under load in time for each tick. A batch has only the newest message of a topic,
 * if nothing is lost by that.
 *
 * A MessagePort has no backpressure, so the reconciler gives credit. While MAX_BATCHES are in flight, the worker does not
 * acknowledge the last message. So the client reads no further. No message is held for a publish of mqttrep itself: that would be
 * a deadlock, since its acknowledgement arrives by the same way.
 */

import { isReplicable } from '../../core/filter.ts';
import type { TopicModes } from '../../core/topic-modes.ts';
import { payloadFault, topicFault } from '../../protocol/message-faults.ts';
import type { Findings } from '../../protocol/observation.ts';
import { type MessageProperties, packProperties, STAMP } from '../../protocol/properties.ts';
import { LARGE_PROPERTIES, propertiesFault } from '../../protocol/property-faults.ts';
import type { Bounds, Sampling } from '../../protocol/settings.ts';
import { type Provenance, type Stamps, UNSTAMPED } from '../../protocol/stamps.ts';
import { payloadBytesOf, type ReceivedMessage } from '../lane/received-message.ts';
import { hasLargeProperties, STAND_IN_BYTES, sizeOf } from '../lane/stand-in.ts';
import { BatchTimer, SHORTEST_INTERVAL_MS, samplingInterval } from '../timing/batch-timer.ts';
import { PackedMessages } from './packed-messages.ts';
import { CONTROL_TOPIC, EVENT_TOPIC, LATE_REPLAY, type Refusal, Refusals, SUSPENDED } from './refusals.ts';
import { DROPPED_FLAG, type RetainFlagReader } from './retain-flag.ts';

/** Batches in flight to the reconciler before messages are held. */
const MAX_BATCHES = 8;

/** A batch of this size is sent at once. */
const BATCH_BYTES = 256 * 1024;

/** So is one that takes this much memory with the messages that newer ones replaced. */
const MAX_PACKED_BYTES = 4 * 1024 * 1024;

export interface IngressDeps {
  /** Reads the stamps of messages; undefined until the identity is known. */
  readonly stamps: () => Pick<Stamps, 'read'> | undefined;
  /** The beginning of mqttrep's own topics. */
  readonly controlPrefix: string;
  /** Event topics are left out: they come by another connection. */
  readonly modes: () => Pick<TopicModes, 'isEvent'>;
  readonly bounds: Bounds;
  readonly log: (message: string) => void;
  readonly sampling: Sampling;
  readonly send: (batch: ArrayBuffer, messages: number) => void;
}

/** How messages of the current session are read. */
export interface IngressMode {
  /** MQTT 5. */
  readonly hasProperties: boolean;
  /** The broker replays what it retains. */
  readonly isReplay: boolean;
  readonly retainFlag: RetainFlagReader;
}

const PLAIN: Findings = {
  ...UNSTAMPED,
  properties: undefined,
  retained: undefined,
  replay: false,
  expiry: Number.POSITIVE_INFINITY,
};

export class Ingress {
  /** Messages received, and those refused, by reason. */
  readonly counters: Record<string, number> & { received: number } = { received: 0 };
  readonly #deps: IngressDeps;
  readonly #refusals: Refusals;
  readonly #messages = new PackedMessages();
  readonly #batchTimer = new BatchTimer(() => this.#sendBatch());
  #mode: IngressMode = { hasProperties: false, isReplay: false, retainFlag: DROPPED_FLAG };
  /** What is found of a message without properties; one object for all of them. */
  #plainFindings: { -readonly [Key in keyof Findings]: Findings[Key] } = { ...PLAIN };
  #sampling: Sampling;
  /**
   * Whether a newer message takes the place of an older one. A message replaces none if the broker drops the retain flag: it may
   * be an echo there, or may tell whether the topic is retained. A replay has one message of each topic.
   */
  #conflates = false;
  #inFlight = 0;
  /** One message of the lane, and one of QoS 2. */
  #held: (() => void)[] = [];

  constructor(deps: IngressDeps) {
    this.#deps = deps;
    this.#refusals = new Refusals(this.counters, deps.log);
    this.#sampling = deps.sampling;
  }

  /** The reconciler samples differently. Waiting messages are sent before. */
  set sampling(sampling: Sampling) {
    this.flush();
    this.#sampling = sampling;
    this.#adapt();
  }

  /** Waiting messages are sent before: they are read as they were received. */
  set mode(mode: IngressMode) {
    this.flush();
    this.#mode = mode;
    this.#plainFindings = {
      ...PLAIN,
      replay: mode.isReplay,
      properties: mode.hasProperties ? '' : undefined,
    };
    this.#adapt();
  }

  /** The last message is not acknowledged yet, so that nothing more is read. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Takes one message. `done` may be called later. */
  take(packet: ReceivedMessage, done: () => void): void {
    this.counters.received++;
    const refusal = this.#refusal(packet);
    if (refusal === undefined) this.#pack(packet);
    else this.#refusals.count(packet.topic, refusal, Date.now());
    if (this.#inFlight >= MAX_BATCHES) this.#hold(done);
    else done();
  }

  /** Leaves a message out for a reason that the message does not tell. */
  refuse({ topic }: ReceivedMessage, reason: Refusal): void {
    this.#count('received');
    this.#refusals.count(topic, reason, Date.now());
  }

  /** The reconciler has handled this many batches. */
  credit(batches: number): void {
    this.#inFlight -= batches;
    this.#release();
  }

  /** Sends the waiting messages at once, so that whatever is sent next stays behind them. */
  flush(): void {
    if (!this.#messages.isEmpty) this.#batchTimer.now();
  }

  /** Drops the waiting messages. */
  discard(): void {
    for (let left = this.#messages.waiting; left > 0; left--) this.#count(SUSPENDED.counter);
    this.#messages.clear();
  }

  /** The port to the reconciler is new: no batch is in flight. */
  reset(): void {
    this.#inFlight = 0;
    this.#release();
  }

  #refusal(packet: ReceivedMessage): Refusal | undefined {
    const { controlPrefix, bounds, modes } = this.#deps;
    const { topic } = packet;
    if (topic !== '' && !isReplicable(topic, controlPrefix)) return CONTROL_TOPIC;
    if (modes().isEvent(topic)) return EVENT_TOPIC;
    const bytes = payloadBytesOf(packet);
    const mayBeStandIn = bytes === STAND_IN_BYTES;
    const fault =
      topicFault(topic, bounds) ??
      (mayBeStandIn && hasLargeProperties(packet.payload) ? LARGE_PROPERTIES : undefined) ??
      propertiesFault(packet.properties, bounds.levels) ??
      payloadFault(mayBeStandIn ? sizeOf(packet.payload) : bytes, bounds);
    if (fault !== undefined) return fault;
    return this.#mode.retainFlag.isLateReplay(packet) ? LATE_REPLAY : undefined;
  }

  #adapt(): void {
    const { retainFlag, isReplay } = this.#mode;
    const { newestOnly, period } = this.#sampling;
    this.#conflates = newestOnly && retainFlag.keepsPublishedFlag && !isReplay;
    this.#batchTimer.interval = this.#conflates ? samplingInterval(period) : SHORTEST_INTERVAL_MS;
  }

  #pack(packet: ReceivedMessage): void {
    this.#batchTimer.request();
    const { properties } = packet;
    const findings = properties === undefined ? this.#plain(packet) : this.#findings(packet, properties);
    const messages = this.#messages;
    // A replicator wrote a stamped message: it is an echo, or a version that must not be replaced by an older one after it.
    if (!this.#conflates || properties?.userProperties?.[STAMP] !== undefined) messages.add(packet, findings);
    else if (messages.addNewest(packet, findings)) this.#count('conflated');
    if (messages.bytes >= BATCH_BYTES || messages.packedBytes >= MAX_PACKED_BYTES) this.flush();
  }

  /** Of a message without properties. */
  #plain(packet: ReceivedMessage): Findings {
    const plain = this.#plainFindings;
    plain.retained = this.#mode.retainFlag.retained(packet);
    return plain;
  }

  #findings(packet: ReceivedMessage, properties: MessageProperties): Findings {
    const { hasProperties, isReplay, retainFlag } = this.#mode;
    const packed = hasProperties ? packProperties(properties) : undefined;
    const seconds = properties.messageExpiryInterval;
    return {
      properties: packed,
      retained: retainFlag.retained(packet),
      replay: isReplay,
      ...this.#provenance(packet, properties, packed),
      expiry: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000,
    };
  }

  #provenance(
    { topic, payload }: ReceivedMessage,
    properties: MessageProperties,
    packed: string | undefined,
  ): Provenance {
    if (properties.userProperties === undefined || packed === undefined) return UNSTAMPED;
    return this.#deps.stamps()?.read(topic, payload, properties, packed) ?? UNSTAMPED;
  }

  #sendBatch(): void {
    if (this.#messages.isEmpty) return;
    const messages = this.#messages.count;
    this.#inFlight++;
    this.#deps.send(this.#messages.take(), messages);
  }

  #hold(done: () => void): void {
    this.#held.push(done);
    this.#count('held_back');
  }

  #release(): void {
    if (this.#inFlight >= MAX_BATCHES) return;
    for (const done of this.#held.splice(0)) done();
  }

  #count(name: string): void {
    this.counters[name] = (this.counters[name] ?? 0) + 1;
  }
}
