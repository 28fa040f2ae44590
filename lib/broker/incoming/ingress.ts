/**
 * What comes in: each PUBLISH becomes an observation, packed with others and sent to the reconciler: at the
 * end of the turn of the event loop, under load in time for each tick. Of several messages under one topic
 * that wait to be sent only the newest is, where nothing would be lost by that (see `#conflates`).
 *
 * A MessagePort has no backpressure, so the reconciler gives credit: while more than BATCHES are not worked
 * off, the last message is not acknowledged and MQTT.js reads no further. It is never held for a publish of
 * our own, which would deadlock: its acknowledgement comes the same way.
 */

import type { IPublishPacket } from 'mqtt';
import { isReplicable } from '../../core/filter.ts';
import { BatchWriter } from '../../protocol/batch.ts';
import { payloadFault, topicFault } from '../../protocol/message-faults.ts';
import type { Bounds, Sampling } from '../../protocol/messages.ts';
import { writeObservation } from '../../protocol/observation.ts';
import { type MessageProperties, packProperties, STAMP } from '../../protocol/properties.ts';
import { LARGE_PROPERTIES, propertiesFault } from '../../protocol/property-faults.ts';
import { type Provenance, type Stamps, UNSTAMPED } from '../../protocol/stamps.ts';
import { BatchTimer, SHORTEST_INTERVAL } from '../timing/batch-timer.ts';
import type { LiveFlag } from '../capabilities/live-flag-test.ts';
import { hasLargeProperties, sizeOf } from '../connection/packet-guard.ts';
import type { ReplayFlags } from '../retained/replay.ts';
import { ConflatedMessages } from './conflated-messages.ts';
import { messageBytes } from './message-bytes.ts';
import { type Refusal, Refusals } from './refusals.ts';

/** Batches under way to the reconciler before the intake is held. */
const BATCHES = 8;

/**
 * In a replay the event loop gets to read the socket after so many messages. MQTT.js works off all that was read
 * in one turn; brokers meanwhile drop what they cannot write.
 */
const TURN = 100;

/** A batch is sent when it is this large, in bytes, if not before. */
const BATCH_BYTES = 256 * 1024;

export interface IngressDeps {
  /** Tells what the stamps of messages are worth; undefined until it is known who we are. */
  readonly stamps: () => Pick<Stamps, 'read'> | undefined;
  /** With what topics begin that are mqttrep's own. */
  readonly controlPrefix: string;
  readonly bounds: Bounds;
  readonly log: (message: string) => void;
  readonly sampling: Sampling;
  readonly send: (batch: ArrayBuffer, messages: number) => void;
}

/** How messages of the current connection are to be read. */
export interface IngressMode {
  /** MQTT 5: there are properties. */
  readonly mqtt5: boolean;
  /** Of messages that are not replayed; over MQTT 3.1.1 it is always dropped. */
  readonly liveFlag: LiveFlag;
  /** Over MQTT 3.1.1, a live message of QoS 0 bears the flag all the same. Nothing is replayed after the replay then. */
  readonly flagsLiveQos0?: boolean;
  /** The broker is replaying what it retains. */
  readonly replaying: boolean;
  /** Whether that bears the retain flag; undefined where it is not known. Where it does not, all is subscribed to with QoS 0. */
  readonly flags?: ReplayFlags | undefined;
}

/** Longest time that a message waits to be sent, in milliseconds: it is dated where it arrives. */
const LONGEST_INTERVAL = 100;

/** In order, and therefore not worth a word. */
const CONTROL_TOPIC: Refusal = { counter: 'ignored_control_topic' };
const SUSPENDED: Refusal = { counter: 'dropped_after_suspension' };
const LATE_REPLAY: Refusal = { counter: 'ignored_late_replay' };

export class Ingress {
  #mode: IngressMode = { mqtt5: false, liveFlag: 'dropped', replaying: false };
  /**
   * Whether a newer message takes the place of an older one that waits. Over MQTT 3.1.1 not: there each may be
   * an echo. Nor where the retain flag is dropped: there each bears on what it means that the topic is retained. In a
   * replay there is one of each topic.
   */
  #conflates = false;
  /** Where the retain flag is dropped, the topics that were seen live during the replay. */
  readonly #live = new Set<string>();
  /** Messages received, and those refused by reason. */
  readonly counters: Record<string, number> = { received: 0 };

  readonly #deps: IngressDeps;
  readonly #refusals: Refusals;
  #sampling: Sampling;
  readonly #writer = new BatchWriter();
  readonly #batchTimer = new BatchTimer(() => this.#flush());
  /** What waits to be sent, in this order: by topic where a newer message takes the place of an older one. */
  readonly #buffered = new Map<string | number, IPublishPacket>();
  readonly #passedOver = new ConflatedMessages();
  #bufferedBytes = 0;
  /** Messages since the last batch, and those among them that a newer one replaced. */
  #messages = 0;
  #inFlight = 0;
  #held: (() => void) | undefined;

  constructor(deps: IngressDeps) {
    this.#deps = deps;
    this.#refusals = new Refusals(this.counters, deps.log);
    this.#sampling = deps.sampling;
  }

  /** The reconciler samples otherwise. What waits is sent before. */
  set sampling(sampling: Sampling) {
    this.flush();
    this.#sampling = sampling;
    this.#adapt();
  }

  /** What waits is sent before: it is to be read as it was received. */
  set mode(mode: IngressMode) {
    this.flush();
    this.#mode = mode;
    this.#live.clear();
    this.#adapt();
  }

  /** Takes one message; `done` may be called later. */
  take(packet: IPublishPacket, done: () => void): void {
    this.#batchTimer.request();
    this.#count('received');
    const refusal = this.#refusal(packet);
    if (refusal === undefined) this.#wait(packet);
    else this.#refusals.count(packet.topic, refusal, Date.now());
    if (this.#bufferedBytes >= BATCH_BYTES) this.flush();
    if (this.#inFlight >= BATCHES) this.#hold(done);
    else if (this.#mode.replaying && this.#messages % TURN === 0) setImmediate(done);
    else done();
  }

  /** Leaves a message out, for a reason that is not its own. */
  refuse({ topic }: IPublishPacket, why: Refusal): void {
    this.#count('received');
    this.#refusals.count(topic, why, Date.now());
  }

  /** The reconciler has worked off so many batches. */
  credit(batches: number): void {
    this.#inFlight -= batches;
    this.#release();
  }

  /** Sends what is packed at once, so that a following message stays behind it. */
  flush(): void {
    if (this.#buffered.size > 0) this.#batchTimer.now();
  }

  /** Drops what waits to be sent. */
  discard(): void {
    for (const packet of this.#buffered.values()) this.#refusals.count(packet.topic, SUSPENDED, Date.now());
    this.#buffered.clear();
    this.#bufferedBytes = 0;
    this.#messages = 0;
  }

  /** The way to the reconciler is new: nothing is under way. */
  reset(): void {
    this.#inFlight = 0;
    this.#release();
  }

  #refusal(packet: IPublishPacket): Refusal | undefined {
    const { controlPrefix, bounds } = this.#deps;
    const { topic } = packet;
    if (topic !== '' && !isReplicable(topic, controlPrefix)) return CONTROL_TOPIC;
    return (
      topicFault(topic, bounds) ??
      propertyFault(packet, bounds) ??
      payloadFault(sizeOf(packet.payload as Buffer), bounds) ??
      this.#replayFault(packet)
    );
  }

  #adapt(): void {
    const { liveFlag, replaying } = this.#mode;
    const { newestOnly, period } = this.#sampling;
    this.#conflates = newestOnly && liveFlag === 'as published' && !replaying;
    this.#batchTimer.interval = this.#conflates ? samplingInterval(period) : SHORTEST_INTERVAL;
  }

  #wait(packet: IPublishPacket): void {
    this.#messages++;
    if (!this.#conflates || isStamped(packet)) {
      this.#buffered.set(this.#messages, packet);
      this.#bufferedBytes += messageBytes(packet);
      return;
    }
    // A broker keeps a retained message and those that only pass apart.
    const key = packet.retain ? packet.topic : `\0${packet.topic}`;
    const older = this.#buffered.get(key);
    if (older !== undefined) {
      // Not in its place: the newer one may come after an echo that waits, too.
      this.#buffered.delete(key);
      this.#bufferedBytes -= messageBytes(older);
      this.#count('conflated');
      if (packet.retain) this.#passedOver.add(older);
    }
    this.#buffered.set(key, packet);
    this.#bufferedBytes += messageBytes(packet);
  }

  #write(packet: IPublishPacket): void {
    const { mqtt5, liveFlag, replaying } = this.#mode;
    const properties = packet.properties as MessageProperties | undefined;
    const packed = mqtt5 ? packProperties(properties) : undefined;
    const seconds = properties?.messageExpiryInterval;
    const passedOver = packet.retain ? this.#passedOver.of(packet) : undefined;
    writeObservation(this.#writer, {
      topic: packet.topic,
      payload: packet.payload as Buffer,
      properties: packed,
      retained: packet.retain || liveFlag === 'as published' ? packet.retain : undefined,
      replay: replaying,
      ...this.#provenance(packet, properties, packed),
      expiry: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000,
      ...(passedOver === undefined ? {} : { passedOver }),
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

  /**
   * Where live messages lack the retain flag, what bears it is replayed. Of a topic that was seen live before it is
   * older than that, since some brokers read what they retain while they deliver. Over MQTT 3.1.1, what is replayed
   * after the replay, because the QoS of the subscription was raised, is known already; over MQTT 5 nothing is then,
   * and a filter without wildcards may show the flag of live messages all the same, as may a broker over MQTT 3.1.1 where
   * they have QoS 0.
   *
   * Mosca, which never sets the flag, replays with the QoS that was published with, though live messages have the QoS of
   * the subscription.
   */
  #replayFault({ topic, retain, qos }: IPublishPacket): Refusal | undefined {
    const { mqtt5, liveFlag, flagsLiveQos0 = false, replaying, flags } = this.#mode;
    if (liveFlag === 'as published') return undefined;
    const mayBeLive = mqtt5 || (flagsLiveQos0 && qos === 0);
    if (!replaying) return retain && !mayBeLive ? LATE_REPLAY : undefined;
    if (retain || (flags === 'never set' && qos > 0)) return this.#live.has(topic) ? LATE_REPLAY : undefined;
    this.#live.add(topic);
    return undefined;
  }

  #flush(): void {
    if (this.#buffered.size === 0) return;
    for (const packet of this.#buffered.values()) this.#write(packet);
    this.#buffered.clear();
    this.#passedOver.clear();
    this.#inFlight++;
    this.#deps.send(this.#writer.take(), this.#messages);
    this.#bufferedBytes = 0;
    this.#messages = 0;
  }

  #hold(done: () => void): void {
    this.#held = done;
    this.#count('held_back');
  }

  #release(): void {
    if (this.#held === undefined || this.#inFlight >= BATCHES) return;
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

/** Whole ones of it make a period. */
function samplingInterval(period: number): number {
  return Math.max(SHORTEST_INTERVAL, period / Math.ceil(period / LONGEST_INTERVAL));
}

/** A replicator wrote it: an echo, or a version that must not be lost for an older one that comes after it. */
function isStamped({ properties }: IPublishPacket): boolean {
  return properties?.userProperties?.[STAMP] !== undefined;
}
