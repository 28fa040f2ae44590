/**
 * What comes in: each PUBLISH becomes an observation, and batches of observations go to the reconciler. A batch leaves at the
 * end of the turn of the event loop, under load in time for each tick. A batch has only the newest message of a topic,
 * if nothing is lost by that.
 *
 * A MessagePort has no backpressure, so the reconciler gives credit. While MAX_BATCHES are in flight, the worker does not
 * acknowledge the last message. So the client reads no further. No message is held for a publish of mqttrep itself: that would be
 * a deadlock, since its acknowledgement arrives by the same way.
 */

import type { IPublishPacket } from 'mqtt';
import { isReplicable } from '../../core/filter.ts';
import { BatchWriter } from '../../protocol/batch.ts';
import { payloadFault, topicFault } from '../../protocol/message-faults.ts';
import { writeObservation } from '../../protocol/observation.ts';
import { type MessageProperties, packProperties } from '../../protocol/properties.ts';
import { LARGE_PROPERTIES, propertiesFault } from '../../protocol/property-faults.ts';
import type { Bounds, Sampling } from '../../protocol/settings.ts';
import { type Provenance, type Stamps, UNSTAMPED } from '../../protocol/stamps.ts';
import { hasLargeProperties, sizeOf } from '../connection/stand-in.ts';
import { BatchTimer, SHORTEST_INTERVAL_MS } from '../timing/batch-timer.ts';
import { MessageBuffer } from './message-buffer.ts';
import { type Refusal, Refusals } from './refusals.ts';
import { DROPPED_FLAG, type RetainFlagReader } from './retain-flag.ts';

/** Batches in flight to the reconciler before messages are held. */
const MAX_BATCHES = 8;

/**
 * In a replay the event loop gets to read the socket after this many messages. MQTT.js handles all that was read in one turn;
 * brokers drop meanwhile what they cannot write.
 */
const MESSAGES_PER_TURN = 100;

/** A batch of this size is sent at once. */
const BATCH_BYTES = 256 * 1024;

/** Longest time that a message waits in a batch: it is dated when the batch arrives. */
const LONGEST_INTERVAL_MS = 100;

export interface IngressDeps {
  /** Reads the stamps of messages; undefined until the identity is known. */
  readonly stamps: () => Pick<Stamps, 'read'> | undefined;
  /** The beginning of mqttrep's own topics. */
  readonly controlPrefix: string;
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

/** These are in order, and not logged. */
const CONTROL_TOPIC: Refusal = { counter: 'ignored_control_topic' };
const SUSPENDED: Refusal = { counter: 'dropped_after_suspension' };
const LATE_REPLAY: Refusal = { counter: 'ignored_late_replay' };

export class Ingress {
  /** Messages received, and those refused, by reason. */
  readonly counters: Record<string, number> = { received: 0 };
  readonly #deps: IngressDeps;
  readonly #refusals: Refusals;
  readonly #writer = new BatchWriter();
  readonly #buffer = new MessageBuffer();
  readonly #batchTimer = new BatchTimer(() => this.#flush());
  #mode: IngressMode = { hasProperties: false, isReplay: false, retainFlag: DROPPED_FLAG };
  #sampling: Sampling;
  /**
   * Whether a newer message takes the place of an older one. A message replaces none if the broker drops the retain flag: it may
   * be an echo there, or may tell whether the topic is retained. A replay has one message of each topic.
   */
  #conflates = false;
  #inFlight = 0;
  #held: (() => void) | undefined;

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
    this.#adapt();
  }

  /** Takes one message. `done` may be called later. */
  take(packet: IPublishPacket, done: () => void): void {
    this.#batchTimer.request();
    this.#count('received');
    const refusal = this.#refusal(packet);
    if (refusal !== undefined) this.#refusals.count(packet.topic, refusal, Date.now());
    else if (this.#buffer.add(packet, this.#conflates)) this.#count('conflated');
    if (this.#buffer.bytes >= BATCH_BYTES) this.flush();
    if (this.#inFlight >= MAX_BATCHES) this.#hold(done);
    else if (this.#mode.isReplay && this.#buffer.count % MESSAGES_PER_TURN === 0) setImmediate(done);
    else done();
  }

  /** Leaves a message out for a reason that the message does not tell. */
  refuse({ topic }: IPublishPacket, reason: Refusal): void {
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
    if (!this.#buffer.isEmpty) this.#batchTimer.now();
  }

  /** Drops the waiting messages. */
  discard(): void {
    this.#buffer.drain(({ topic }) => this.#refusals.count(topic, SUSPENDED, Date.now()));
  }

  /** The port to the reconciler is new: no batch is in flight. */
  reset(): void {
    this.#inFlight = 0;
    this.#release();
  }

  #refusal(packet: IPublishPacket): Refusal | undefined {
    const { controlPrefix, bounds } = this.#deps;
    const { topic } = packet;
    if (topic !== '' && !isReplicable(topic, controlPrefix)) return CONTROL_TOPIC;
    const fault =
      topicFault(topic, bounds) ??
      propertyFault(packet, bounds) ??
      payloadFault(sizeOf(packet.payload as Buffer), bounds);
    if (fault !== undefined) return fault;
    return this.#mode.retainFlag.isLateReplay(packet) ? LATE_REPLAY : undefined;
  }

  #adapt(): void {
    const { retainFlag, isReplay } = this.#mode;
    const { newestOnly, period } = this.#sampling;
    this.#conflates = newestOnly && retainFlag.isPublished && !isReplay;
    this.#batchTimer.interval = this.#conflates ? samplingInterval(period) : SHORTEST_INTERVAL_MS;
  }

  #write(packet: IPublishPacket, replaced: readonly string[] | undefined): void {
    const { hasProperties, isReplay, retainFlag } = this.#mode;
    const properties = packet.properties as MessageProperties | undefined;
    const packed = hasProperties ? packProperties(properties) : undefined;
    const seconds = properties?.messageExpiryInterval;
    writeObservation(this.#writer, {
      topic: packet.topic,
      payload: packet.payload as Buffer,
      properties: packed,
      retained: retainFlag.retained(packet),
      replay: isReplay,
      ...this.#provenance(packet, properties, packed),
      expiry: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000,
      ...(replaced === undefined ? {} : { conflated: replaced }),
    });
  }

  #provenance(
    { topic, payload }: IPublishPacket,
    properties: MessageProperties | undefined,
    packed: string | undefined,
  ): Provenance {
    if (properties?.userProperties === undefined || packed === undefined) return UNSTAMPED;
    return this.#deps.stamps()?.read(topic, payload as Buffer, properties, packed) ?? UNSTAMPED;
  }

  #flush(): void {
    if (this.#buffer.isEmpty) return;
    const messages = this.#buffer.count;
    this.#buffer.drain((packet, replaced) => this.#write(packet, replaced));
    this.#inFlight++;
    this.#deps.send(this.#writer.take(), messages);
  }

  #hold(done: () => void): void {
    this.#held = done;
    this.#count('held_back');
  }

  #release(): void {
    if (this.#held === undefined || this.#inFlight >= MAX_BATCHES) return;
    const done = this.#held;
    this.#held = undefined;
    done();
  }

  #count(name: string): void {
    this.counters[name] = (this.counters[name] ?? 0) + 1;
  }
}

function propertyFault({ payload, properties }: IPublishPacket, { levels }: Bounds): Refusal | undefined {
  if (hasLargeProperties(payload as Buffer)) return LARGE_PROPERTIES;
  return propertiesFault(properties as MessageProperties | undefined, levels);
}

/** The longest interval, in milliseconds, of which a whole number makes a sampling period. */
function samplingInterval(period: number): number {
  return Math.max(SHORTEST_INTERVAL_MS, period / Math.ceil(period / LONGEST_INTERVAL_MS));
}
