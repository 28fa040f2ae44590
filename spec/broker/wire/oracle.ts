/**
 * What a connection delivered, as mqtt-packet decodes it from the bytes that were sent, and whether the actor reported exactly
 * that.
 */

import type { Packet } from 'mqtt-packet';
import type { Observation } from '../../../lib/protocol/observation.ts';
import { endOrBroken, isQos2, packetIn } from '../../support/packet-bytes.ts';
import { verdictOn } from './verdict.ts';

export interface Delivered {
  readonly topic: string;
  /** Topic, payload and properties, to be compared. */
  readonly key: string;
  /** It must be reported if anything is reported that came after it on the same connection. */
  readonly isPlain: boolean;
  /** With QoS 2 it is reported when the broker releases it, whatever comes before. */
  readonly isInOrder: boolean;
}

/** The payload of a well-formed message begins with it. */
export const PLAIN = 'plain ';

export class Oracle {
  readonly delivered: Delivered[] = [];
  /** The broker has accepted the connection. */
  isConnected = false;
  /** The broker broke the protocol. The connection ends there, or soon after it. */
  isBroken = false;
  readonly #version: 4 | 5;
  /** The beginning of a packet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(version: 4 | 5) {
    this.#version = version;
  }

  /** Bytes as they were sent to the client. */
  read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (!this.isBroken) {
      const end = endOrBroken(this.#rest);
      if (end === undefined) return;
      if (end === 'broken') this.isBroken = true;
      else this.#readPacket(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end === 'broken' ? this.#rest.length : end);
    }
  }

  /** Each packet by itself: mqtt-packet would read a truncated property on into the next packet. */
  #readPacket(bytes: Buffer): void {
    const verdict = verdictOn(bytes, this.#version === 5);
    // A message that is refused alone leaves the connection as it is. One of QoS 2 is for MQTT.js, which parses it like mqtt-packet.
    if (verdict === 'left out' || (verdict === 'refused' && !isQos2(bytes))) return;
    const packet = verdict === 'broken' ? undefined : packetIn(bytes, this.#version);
    if (packet === undefined) this.isBroken = true;
    else this.#take(packet, this.#version === 5);
  }

  #take(packet: Packet, mqtt5: boolean): void {
    if (packet.cmd === 'connack') this.isConnected ||= (packet.reasonCode ?? packet.returnCode) === 0;
    if (packet.cmd !== 'publish') return;
    const payload = packet.payload.toString('latin1');
    const key = JSON.stringify([packet.topic, payload, mqtt5 ? canonical(packet.properties ?? {}) : null]);
    const isPlain = this.isConnected && payload.startsWith(PLAIN);
    this.delivered.push({ topic: packet.topic, key, isPlain, isInOrder: packet.qos < 2 });
  }
}

/** Independent of the code under test: as lib/protocol/properties.ts describes properties. */
function canonical(properties: Record<string, unknown>): string {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = properties;
  const user = Object.entries((userProperties ?? {}) as Record<string, unknown>)
    .filter(([name]) => name !== 'mqttrep-ts' && name !== 'mqttrep-from')
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map(one => [name, one]));
  const others = [payloadFormatIndicator, contentType, responseTopic].map(one => one ?? null);
  const correlation = correlationData instanceof Buffer ? correlationData.toString('base64') : null;
  const isNone = user.length === 0 && correlation === null && others.every(one => one === null);
  return isNone ? '' : JSON.stringify([...others, correlation, user]);
}

/** mqtt-packet loses some user properties. So of a message that is not plain only the topic is certain. */
function isSame(delivered: Delivered, topic: string, key: string): boolean {
  return delivered.isPlain ? delivered.key === key : delivered.topic === topic;
}

/** C0, DEL and C1. */
const CONTROL = /\p{Cc}/u;

/**
 * A connection that ends may leave the rest of what it delivered unread, and a later one may deliver the same message again. So
 * a message that is no longer possible on one connection may be of a later one.
 *
 * @param connections what each connection delivered, in their order
 * @throws if the actor reported something that was not delivered, or that is malformed, or left out a plain message
 */
export function compare(
  connections: readonly (readonly Delivered[])[],
  told: readonly Pick<Observation, 'topic' | 'payload' | 'properties'>[],
): void {
  let place: Place = { connection: 0, at: 0 };
  const loose = new Set(connections.flat().flatMap(({ topic, isInOrder }) => (isInOrder ? [] : [topic])));
  for (const { topic, payload, properties } of told) {
    if (CONTROL.test(topic) || topic === '') throw new Error(`reported the topic ${JSON.stringify(topic)}`);
    const key = JSON.stringify([topic, payload, properties ?? null]);
    if (!loose.has(topic)) place = behind(place, connections, topic, key);
  }
}

/** The next message that a connection delivered. */
interface Place {
  readonly connection: number;
  readonly at: number;
}

/** The place behind the message that was reported, from this place on. Nothing plain is left out before it. */
function behind(
  { connection: first, at: from }: Place,
  connections: readonly (readonly Delivered[])[],
  topic: string,
  key: string,
): Place {
  let missing: Delivered | undefined;
  for (let connection = first; connection < connections.length; connection++) {
    const delivered = connections[connection] ?? [];
    for (let at = connection === first ? from : 0; at < delivered.length; at++) {
      const each = delivered[at];
      if (each === undefined) break;
      if (isSame(each, topic, key)) return { connection, at: at + 1 };
      if (!each.isPlain) continue;
      missing ??= each;
      break;
    }
  }
  if (missing !== undefined) throw new Error(`did not report ${missing.key}, but ${key.slice(0, 500)}`);
  throw new Error(`reported what no connection delivered: ${key.slice(0, 200)}…${key.slice(-200)}`);
}
