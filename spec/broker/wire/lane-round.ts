/**
 * One round of the differential fuzz of the packet reader: the same bytes go to mqtt-packet packet by packet, and to the reader in
 * arbitrary pieces. Messages, acknowledgements and errors must be the same.
 */

import type { Packet } from 'mqtt-packet';
import { PacketReader } from '../../../lib/broker/lane/packet-reader.ts';
import type { DecodedMessage, ReceivedMessage } from '../../../lib/broker/lane/received-message.ts';
import { hasLargeProperties, sizeOf } from '../../../lib/broker/lane/stand-in.ts';
import { type MessageProperties, packProperties } from '../../../lib/protocol/properties.ts';
import { propertiesFault } from '../../../lib/protocol/property-faults.ts';
import { endOrBroken, isQos2, packetIn } from '../../support/packet-bytes.ts';
import type { Chance } from './chance.ts';
import { cut, drawnBytes } from './lane-bytes.ts';
import { verdictOn } from './verdict.ts';

/** What a packet comes to. */
export type Outcome =
  | { readonly kind: 'message' | 'refused' | 'left out' | 'acknowledgement' | 'other'; readonly key: string }
  | { readonly kind: 'broken' }
  /** The beginning of a packet, which may already show that it is broken. */
  | { readonly kind: 'incomplete' };

const BROKEN: Outcome = { kind: 'broken' };

/** Payloads up to this size are read whole; the rounds send no larger ones. */
const LARGEST_PAYLOAD = 1_000_000;

/** What should come of the bytes; nothing after the first broken packet. */
export function expectedOf(bytes: Buffer, version: 4 | 5): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = endOrBroken(rest);
    if (end === undefined) {
      outcomes.push({ kind: 'incomplete' });
      break;
    }
    const outcome = end === 'broken' ? BROKEN : outcomeOf(rest.subarray(0, end), version);
    outcomes.push(outcome);
    if (end === 'broken' || outcome.kind === 'broken') break;
    rest = rest.subarray(end);
  }
  return outcomes;
}

function outcomeOf(packet: Buffer, version: 4 | 5): Outcome {
  const verdict = verdictOn(packet, version === 5);
  if (verdict === 'broken') return BROKEN;
  if (verdict === 'left out') return { ...refusedOf(packet), kind: 'left out' };
  // QoS 2 is for MQTT.js, which parses it like mqtt-packet.
  if (verdict === 'refused' && !isQos2(packet)) return refusedOf(packet);
  const parsed = packetIn(packet, version);
  if (parsed === undefined) return BROKEN;
  if (parsed.cmd === 'publish' && parsed.qos < 2) {
    const { topic, payload, qos, retain, messageId = 0, properties } = parsed;
    const known = properties as MessageProperties | undefined;
    return {
      kind: 'message',
      key: keyOf({ topic, payload: Buffer.from(payload), qos, retain, properties: known }, messageId),
    };
  }
  if (parsed.cmd !== 'puback') return otherOf(parsed);
  return { kind: 'acknowledgement', key: `${parsed.messageId} ${parsed.reasonCode ?? 0}` };
}

/** Of a message that is refused for its properties the topic is certain. */
function refusedOf(packet: Buffer): { readonly kind: 'refused'; readonly key: string } {
  const header = packet.subarray(1).findIndex(byte => byte < 0x80) + 2;
  return {
    kind: 'refused',
    key: packet.toString('utf8', header + 2, header + 2 + packet.readUInt16BE(header)),
  };
}

function keyOf({ topic, payload, qos, retain, properties }: ReceivedMessage, id: number): string {
  const { messageExpiryInterval = null, userProperties } = properties ?? {};
  // mqtt-packet groups user properties by name, and loses empty values among others; the order is compared by a spec of its own.
  const users = JSON.stringify(
    Object.keys(userProperties ?? {})
      .sort()
      .map(name => [name, [userProperties?.[name] ?? ''].flat().filter(value => value !== '')]),
  );
  const { userProperties: _, ...others } = properties ?? {};
  return JSON.stringify([
    topic,
    payload.toString('latin1'),
    qos,
    retain,
    id,
    messageExpiryInterval,
    packProperties(others),
    users,
  ]);
}

function otherOf(packet: Packet): Outcome {
  if (packet.cmd === 'publish' && isLeftOut(packet.payload as Buffer))
    return { kind: 'left out', key: packet.topic };
  return { kind: 'other', key: JSON.stringify(packet) };
}

/** What the reader makes of the bytes. It is given each piece in a buffer that is overwritten after that. */
export function actualOf(
  pieces: readonly Buffer[],
  version: 4 | 5,
  pausesAt: () => boolean,
): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  let isOver = false;
  const add = (outcome: Outcome) => {
    if (!isOver) outcomes.push(outcome);
    isOver ||= outcome.kind === 'broken';
  };
  const reader = new PacketReader({
    mqtt5: version === 5,
    largestPayload: LARGEST_PAYLOAD,
    message: message => {
      add(messageOf(message));
      return !pausesAt();
    },
    puback: ({ id, reason }) => {
      add({ kind: 'acknowledgement', key: `${id} ${reason}` });
      return true;
    },
    other: packet => {
      const parsed = packetIn(packet, version);
      add(parsed === undefined ? BROKEN : otherOf(parsed));
    },
    broken: () => add(BROKEN),
  });
  for (const piece of pieces) {
    const chunk = Buffer.from(piece);
    for (let at = 0; at < chunk.length; ) at = reader.read(chunk, at);
    chunk.fill(0xa5);
  }
  return outcomes;
}

function messageOf(message: DecodedMessage): Outcome {
  const { topic, payload, properties, id } = message;
  if (isLeftOut(payload)) return { kind: 'left out', key: topic };
  return propertyFaultOf(properties)
    ? { kind: 'refused', key: topic }
    : { kind: 'message', key: keyOf(message, id) };
}

function isLeftOut(payload: Buffer): boolean {
  return hasLargeProperties(payload) || sizeOf(payload) !== payload.length;
}

/** Whether its properties are there twice, or truncated; other faults are those of the texts. */
function propertyFaultOf(properties: MessageProperties | undefined): boolean {
  return propertiesFault(properties)?.counter === 'refused_properties_malformed';
}

/** What may be known of a packet before its end has arrived. */
const EARLY: ReadonlySet<string> = new Set(['broken', 'left out']);

/** @throws with what differs, and the bytes */
export function compareOutcomes(
  bytes: Buffer,
  actual: readonly Outcome[],
  expected: readonly Outcome[],
): void {
  for (let at = 0; at < Math.max(actual.length, expected.length); at++) {
    const [one, other] = [actual[at], expected[at]];
    if (other?.kind === 'incomplete' && (one === undefined || EARLY.has(one.kind))) continue;
    if (JSON.stringify(one) === JSON.stringify(other)) continue;
    throw new Error(
      `outcome ${at} is ${JSON.stringify(one)}, expected ${JSON.stringify(other)}; the bytes in hexadecimal: ${bytes.toString('hex').slice(0, 4_000)}`,
    );
  }
}

/** @throws if the reader makes something else of the bytes than mqtt-packet does */
export function playLaneRound(chance: Chance): void {
  const version = chance.pick([4, 5] as const);
  const bytes = drawnBytes(chance, version);
  const actual = actualOf(cut(bytes, chance), version, () => chance.happens(0.2));
  compareOutcomes(bytes, actual, expectedOf(bytes, version));
}
