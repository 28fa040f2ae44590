/**
 * A message that a broker delivered: one type on the whole path from the socket to the batch. The lane decodes it from the bytes
 * that were read (`DecodedMessage`); a message of QoS 2 comes from MQTT.js, and has the same properties.
 *
 * The payload is a view of the bytes that were read, which are overwritten by the next read. Whoever keeps a message longer than
 * the call that hands it over keeps a copy of it (`copyOf`).
 */

import type { QoS } from '../../core/policy.ts';
import type { MessageProperties } from '../../protocol/properties.ts';
import { readProperties } from './received-properties.ts';

export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Its place among the messages of QoS 1 of its connection, by which it is acknowledged; 0 with another QoS. */
  readonly ordinal?: number | undefined;
  /** The packet identifier; 0 with QoS 0. */
  readonly id?: number | undefined;
  /** The broker may have delivered it before. */
  readonly dup?: boolean | undefined;
  /** Bytes of the packet behind its fixed header. */
  readonly length?: number | undefined;
  /** MQTT 5; undefined if the message has none. */
  readonly properties?: MessageProperties | undefined;
}

export class DecodedMessage implements ReceivedMessage {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly length: number;
  /** The packet identifier; 0 with QoS 0. */
  readonly id: number;
  ordinal = 0;
  /** Topic, properties and payload lie in these bytes; the payload begins where the properties end. */
  readonly bytes: Buffer;
  readonly topicAt: number;
  readonly topicEnd: number;
  readonly propertiesAt: number;
  readonly payloadAt: number;
  readonly end: number;
  #payload: Buffer | undefined;
  #properties: MessageProperties | undefined;

  constructor(
    topic: string,
    first: number,
    id: number,
    length: number,
    bytes: Buffer,
    topicAt: number,
    topicEnd: number,
    propertiesAt: number,
    payloadAt: number,
    end: number,
  ) {
    this.topic = topic;
    this.qos = ((first >> 1) & 3) as QoS;
    this.retain = (first & 1) !== 0;
    this.dup = (first & 8) !== 0;
    this.id = id;
    this.length = length;
    this.bytes = bytes;
    this.topicAt = topicAt;
    this.topicEnd = topicEnd;
    this.propertiesAt = propertiesAt;
    this.payloadAt = payloadAt;
    this.end = end;
  }

  /** Whether the topic came as an alias, or was renamed, and is not among the bytes. */
  get hasOtherName(): boolean {
    return this.topicAt === this.topicEnd;
  }

  get payload(): Buffer {
    this.#payload ??= this.bytes.subarray(this.payloadAt, this.end);
    return this.#payload;
  }

  /** Parsed when they are asked for: most messages have none, or only the stamp of an echo. */
  get properties(): MessageProperties | undefined {
    if (this.propertiesAt === this.payloadAt) return undefined;
    this.#properties ??= readProperties(this.bytes, this.propertiesAt, this.payloadAt);
    return this.#properties;
  }

  /** The same message under another topic; valid as long as this one. */
  withTopic(topic: string): DecodedMessage {
    const { id, length, bytes, propertiesAt, payloadAt, end } = this;
    const first = (this.qos << 1) | (this.retain ? 1 : 0) | (this.dup ? 8 : 0);
    const renamed = new DecodedMessage(
      topic,
      first,
      id,
      length,
      bytes,
      propertiesAt,
      propertiesAt,
      propertiesAt,
      payloadAt,
      end,
    );
    renamed.ordinal = this.ordinal;
    return renamed;
  }

  /** The same message with bytes of its own. */
  copy(): DecodedMessage {
    const { topic, id, length, topicAt, topicEnd, propertiesAt, payloadAt, end } = this;
    const first = (this.qos << 1) | (this.retain ? 1 : 0) | (this.dup ? 8 : 0);
    const own = Buffer.from(this.bytes.subarray(topicAt, end));
    const copy = new DecodedMessage(
      topic,
      first,
      id,
      length,
      own,
      0,
      topicEnd - topicAt,
      propertiesAt - topicAt,
      payloadAt - topicAt,
      own.length,
    );
    copy.ordinal = this.ordinal;
    return copy;
  }
}

/** Bytes of the payload, without a view of it. */
export function payloadBytesOf(message: ReceivedMessage): number {
  return message instanceof DecodedMessage ? message.end - message.payloadAt : message.payload.length;
}

/** The message as it may be kept. */
export function copyOf(message: ReceivedMessage): ReceivedMessage {
  return message instanceof DecodedMessage ? message.copy() : message;
}

/** The message under this topic. */
export function withTopic(message: ReceivedMessage, topic: string): ReceivedMessage {
  if (message.topic === topic) return message;
  return message instanceof DecodedMessage ? message.withTopic(topic) : { ...message, topic };
}

/** The message with another payload, which is not among the bytes that were read. */
export function withPayload(message: ReceivedMessage, payload: Buffer): ReceivedMessage {
  const { topic, qos, retain, ordinal, id, dup, length, properties } = message;
  return { topic, payload, qos, retain, ordinal, id, dup, length, properties };
}
