/** The positions of fields in the bytes of a packet (MQTT 5 §2.1), as far as PacketRelay and its quirks need them. */

import { type IConnectPacket, type Packet, parser } from 'mqtt-packet';

export const CONNECT = 1;
export const CONNACK = 2;
export const PUBLISH = 3;
export const PUBACK = 4;
export const SUBSCRIBE = 8;
export const SUBACK = 9;
export const UNSUBSCRIBE = 10;

/** Not a packet: a CONNECT has no flags (§2.1.3). TLS begins with 0x16, by which mqttrep finds out what a port speaks. */
const NO_PACKET = 0;

export function typeOf(packet: Buffer): number {
  const first = packet.readUInt8(0);
  return first >> 4 === CONNECT && first !== CONNECT << 4 ? NO_PACKET : first >> 4;
}

/** A variable byte integer (one to four bytes of seven bits each) and its end; undefined if it is incomplete. */
export function variable(
  bytes: Buffer,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  throw new RangeError('a length of more than four bytes');
}

/** The end of the first packet; undefined if the packet is incomplete. */
export function endOf(bytes: Buffer): number | undefined {
  const length = variable(bytes, 1);
  if (length === undefined) return undefined;
  const end = length.end + length.value;
  return end <= bytes.length ? end : undefined;
}

/** The same; 'broken' if its length has more than four bytes. */
export function endOrBroken(bytes: Buffer): number | undefined | 'broken' {
  try {
    return endOf(bytes);
  } catch {
    return 'broken';
  }
}

/** The beginning of the variable header of a complete packet. */
export function headerOf(packet: Buffer): number {
  return variable(packet, 1)?.end ?? 0;
}

/** The topic of a PUBLISH. */
export function topicOf(publish: Buffer): string {
  const start = headerOf(publish);
  return publish.toString('utf8', start + 2, start + 2 + publish.readUInt16BE(start));
}

export function isQos2(publish: Buffer): boolean {
  return (publish.readUInt8(0) & 0b110) === 0b100;
}

/** The packet identifier of a PUBLISH with a QoS above 0; undefined with QoS 0. */
export function packetIdOf(publish: Buffer): number | undefined {
  if ((publish.readUInt8(0) & 0b110) === 0) return undefined;
  const start = headerOf(publish);
  return publish.readUInt16BE(start + 2 + publish.readUInt16BE(start));
}

/** The protocol level of a CONNECT, which follows the name of the protocol. */
export function levelOf(packet: Buffer): number {
  const start = headerOf(packet);
  return packet.readUInt8(start + 2 + packet.readUInt16BE(start));
}

/** The contents of a complete CONNECT. */
export function connectOf(bytes: Buffer): IConnectPacket {
  const connect = packetIn(bytes, 4);
  if (connect?.cmd !== 'connect') throw new TypeError('it is no CONNECT');
  return connect;
}

/** The filters of a whole SUBSCRIBE. */
export function filtersOf(bytes: Buffer, level: 4 | 5): readonly string[] {
  const subscribe = packetIn(bytes, level);
  if (subscribe?.cmd !== 'subscribe') throw new TypeError('it is no SUBSCRIBE');
  return subscribe.subscriptions.map(({ topic }) => topic);
}

/** The packet in these bytes, all of which are there; undefined if mqtt-packet cannot parse it. */
export function packetIn(bytes: Buffer, protocolVersion: number): Packet | undefined {
  let found: Packet | undefined;
  const reader = parser({ protocolVersion });
  reader.on('packet', packet => {
    found = packet;
  });
  reader.on('error', () => {
    found = undefined;
  });
  try {
    // The parser keeps the bytes.
    reader.parse(Buffer.from(bytes));
  } catch {
    return undefined;
  }
  return found;
}
