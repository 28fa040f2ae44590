/**
 * What comes in: each PUBLISH becomes an observation, packed with the others of the same turn of the event
 * loop, and sent to the reconciler.
 *
 * A MessagePort has no backpressure, so the reconciler gives credit: while more than BATCHES are not worked
 * off, the last message is not acknowledged and MQTT.js reads no further. It is never held for a publish of
 * our own, which would deadlock: its acknowledgement comes the same way.
 */

import type { IPublishPacket } from 'mqtt';
import { isReplicable } from '../core/filter.ts';
import { BatchWriter } from '../protocol/batch.ts';
import { writeObservation } from '../protocol/observation.ts';
import { type MessageProperties, packProperties, readStamp } from '../protocol/properties.ts';

/** Batches under way to the reconciler before the intake is held. */
const BATCHES = 8;

/** A batch is sent when it is this large, in bytes, or the turn of the event loop is over. */
const BATCH_BYTES = 256 * 1024;

export interface IntakeDeps {
  /** This replicator's id. */
  readonly replica: () => string;
  /** With what topics begin that are mqttrep's own. */
  readonly controlPrefix: string;
  readonly send: (batch: ArrayBuffer) => void;
  /** Called at the first message of a turn, and at the end of that turn. */
  readonly turn: (phase: 'begins' | 'ends') => void;
}

/** How messages of the current connection are to be read. */
export interface IntakeMode {
  /** MQTT 5: the retain flag is as published, and there are properties. */
  readonly mqtt5: boolean;
  /** The broker is replaying what it retains. */
  readonly replaying: boolean;
}

export class Intake {
  #mode: IntakeMode = { mqtt5: false, replaying: false };
  /** Over MQTT 3.1.1, the topics that were seen live during the replay. */
  readonly #live = new Set<string>();
  /** Messages received, and those refused by reason. */
  readonly counters: Record<string, number> = { received: 0 };

  readonly #deps: IntakeDeps;
  readonly #writer = new BatchWriter();
  #underWay = 0;
  #scheduled = false;
  #held: (() => void) | undefined;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  set mode(mode: IntakeMode) {
    this.#mode = mode;
    this.#live.clear();
  }

  /** Takes one message; `done` may be called later. */
  take(packet: IPublishPacket, done: () => void): void {
    this.#schedule();
    this.#count('received');
    const fault = topicFault(packet.topic, this.#deps.controlPrefix) ?? this.#replayFault(packet);
    if (fault === undefined) this.#write(packet);
    else this.#count(fault);
    if (this.#writer.length >= BATCH_BYTES) this.#flush();
    if (this.#underWay < BATCHES) done();
    else this.#held = done;
  }

  /** The reconciler has worked off so many batches. */
  credit(batches: number): void {
    this.#underWay -= batches;
    this.#release();
  }

  /** Sends what is packed without waiting for the end of the turn, so that a following message stays behind it. */
  flush(): void {
    this.#flush();
  }

  /** The way to the reconciler is new: nothing is under way. */
  reset(): void {
    this.#underWay = 0;
    this.#release();
  }

  #write(packet: IPublishPacket): void {
    const { mqtt5, replaying } = this.#mode;
    const properties = packet.properties as MessageProperties | undefined;
    const stamp = mqtt5 ? readStamp(properties) : undefined;
    const seconds = properties?.messageExpiryInterval;
    writeObservation(this.#writer, {
      topic: packet.topic,
      payload: packet.payload as Buffer,
      properties: mqtt5 ? packProperties(properties) : undefined,
      retained: mqtt5 || packet.retain ? packet.retain : undefined,
      replay: replaying,
      stamp: stamp?.version,
      own: stamp?.sender === this.#deps.replica(),
      expiry: seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000,
    });
  }

  /**
   * Over MQTT 3.1.1 the retain flag is set in replays only. What is replayed of a topic that was seen live
   * before is older than that, since some brokers read what they retain while they deliver; and what is
   * replayed after the replay, because the QoS of the subscription was raised, is known already.
   */
  #replayFault({ topic, retain }: IPublishPacket): string | undefined {
    const { mqtt5, replaying } = this.#mode;
    if (mqtt5) return undefined;
    if (retain) return replaying && !this.#live.has(topic) ? undefined : 'ignored_late_replay';
    if (replaying) this.#live.add(topic);
    return undefined;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#deps.turn('begins');
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
      this.#deps.turn('ends');
    });
  }

  #flush(): void {
    if (this.#writer.records === 0) return;
    this.#underWay++;
    this.#deps.send(this.#writer.take());
  }

  #release(): void {
    if (this.#held === undefined || this.#underWay >= BATCHES) return;
    const done = this.#held;
    this.#held = undefined;
    done();
  }

  #count(name: string): void {
    this.counters[name] = (this.counters[name] ?? 0) + 1;
  }
}

/**
 * Why a topic cannot be published elsewhere. U+FFFD is what bytes that are not UTF-8 were decoded to: such a
 * topic would be written under another name.
 */
function topicFault(topic: string, controlPrefix: string): string | undefined {
  if (topic === '') return 'refused_empty_topic';
  if (!isReplicable(topic, controlPrefix)) return 'ignored_control_topic';
  if (topic.includes('\uFFFD')) return 'refused_topic_not_utf8';
  if (topic.includes('\0') || topic.includes('+') || topic.includes('#')) return 'refused_topic_characters';
  return undefined;
}
