/** Each limit as a rule: what it does to a packet of a client or of the broker. */

import type { IConnackPacket, Packet } from 'mqtt-packet';
import type { BrokerLimits, LostAnswer } from './broker-limits.ts';
import type { Peer, Rule } from './peer.ts';

/** Reason codes of MQTT 5 (§2.4); 3.1.1 has 0x80 in a SUBACK and 5 in a CONNACK. */
export const NOT_AUTHORIZED = 0x87;
const TAKEN_OVER = 0x8e;
const TOPIC_NAME_INVALID = 0x90;
const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
const PACKET_TOO_LARGE = 0x95;
const MESSAGE_RATE_TOO_HIGH = 0x96;
const QUOTA_EXCEEDED = 0x97;
const QOS_NOT_SUPPORTED = 0x9b;
export const FAILURE = 0x80;
const REFUSED_OVER_MQTT311 = 5;

/** A SUBSCRIBE with more filters is refused, each of them, or closes the connection. */
export function filterRule({ most, beyond }: NonNullable<BrokerLimits['filters']>): Rule {
  return {
    fromClient: (packet, { level }) => {
      if (packet.cmd !== 'subscribe' || packet.subscriptions.length <= most) return undefined;
      if (beyond === 'hangs up') return { closes: QUOTA_EXCEEDED };
      const code = level === 5 ? QUOTA_EXCEEDED : FAILURE;
      return {
        answer: suback(
          packet.messageId,
          packet.subscriptions.map(() => code),
        ),
      };
    },
  };
}

/** A larger packet closes the connection. */
export function packetSizeRule({ most, isAnnounced }: NonNullable<BrokerLimits['packetSize']>): Rule {
  return {
    fromClient: (_packet, _peer, length) => (length > most ? { closes: PACKET_TOO_LARGE } : undefined),
    fromBroker: (packet, { level }) => {
      if (!isAnnounced || !isWelcome(packet, level)) return undefined;
      const { maximumPacketSize = most } = packet.properties ?? {};
      return { instead: announcing(packet, { maximumPacketSize: Math.min(most, maximumPacketSize) }) };
    },
  };
}

/** One publish too many in flight closes the connection, as MQTT 5 §3.3.4 has it, and is noted. */
export function receiveMaximumRule(most: number, note: (violation: string) => void): Rule {
  return {
    fromClient: (packet, { level, connection, inFlight }) => {
      if (level !== 5 || packet.cmd !== 'publish' || packet.qos === 0) return undefined;
      inFlight.add(packet.messageId ?? 0);
      if (inFlight.size <= most) return undefined;
      note(`connection ${connection}: ${inFlight.size} publishes are in flight, and ${most} may be`);
      return { closes: RECEIVE_MAXIMUM_EXCEEDED };
    },
    fromBroker: (packet, { level, inFlight }) => {
      if (endsFlight(packet)) inFlight.delete(packet.messageId ?? 0);
      if (!isWelcome(packet, level)) return undefined;
      const { receiveMaximum = most } = packet.properties ?? {};
      return { instead: announcing(packet, { receiveMaximum: Math.min(most, receiveMaximum) }) };
    },
  };
}

/** A deeper topic or filter closes the connection. */
export function levelRule(most: number): Rule {
  const isDeeper = (topic: string) => topic.split('/').length > most;
  return {
    fromClient: packet => {
      const topics =
        packet.cmd === 'publish'
          ? [packet.topic]
          : packet.cmd === 'subscribe'
            ? packet.subscriptions.map(({ topic }) => topic)
            : [];
      return topics.some(isDeeper) ? { closes: TOPIC_NAME_INVALID } : undefined;
    },
  };
}

/** A longer topic or filter closes the connection. */
export function topicRule(most: number): Rule {
  const isLonger = (topic: string) => Buffer.byteLength(topic) > most;
  return {
    fromClient: packet => {
      const isExceeded =
        (packet.cmd === 'publish' && isLonger(packet.topic)) ||
        (packet.cmd === 'subscribe' && packet.subscriptions.some(({ topic }) => isLonger(topic)));
      return isExceeded ? { closes: TOPIC_NAME_INVALID } : undefined;
    },
  };
}

/** A higher QoS closes the connection; a subscription is granted with less by the broker behind. */
export function qosRule(most: number): Rule {
  return {
    fromClient: packet => {
      const isExceeded = packet.cmd === 'publish' && packet.qos > most;
      const isWill = packet.cmd === 'connect' && (packet.will?.qos ?? 0) > most;
      return isExceeded || isWill ? { closes: QOS_NOT_SUPPORTED } : undefined;
    },
  };
}

export interface Published {
  readonly at: number;
  readonly bytes: number;
}

const TICK_MS = 10;
/** Longer than what is judged. */
const REMEMBERED_MS = 2_000;

/** How late this thread was lately: what arrived in time meanwhile is read at once. */
class Lateness {
  #ticked = performance.now();
  /** In milliseconds, the newest last. */
  #delays: { readonly at: number; readonly length: number }[] = [];

  constructor() {
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** The longest delay, in milliseconds. */
  longest(now: number): number {
    return Math.max(0, now - this.#ticked - TICK_MS, ...this.#delays.map(({ length }) => length));
  }

  #tick(): void {
    const now = performance.now();
    const length = now - this.#ticked - TICK_MS;
    this.#ticked = now;
    this.#delays = this.#delays.filter(({ at }) => at > now - REMEMBERED_MS);
    if (length > TICK_MS) this.#delays.push({ at: now, length });
  }
}

/** @param published gets what clients publish */
export function rateRule(
  {
    messages = Number.POSITIVE_INFINITY,
    bytes = Number.POSITIVE_INFINITY,
  }: NonNullable<BrokerLimits['rate']>,
  published: Published[],
): Rule {
  let first = 0;
  let sum = 0;
  const isLimited = messages < Number.POSITIVE_INFINITY || bytes < Number.POSITIVE_INFINITY;
  const lateness = isLimited ? new Lateness() : undefined;
  return {
    fromClient: (packet, _peer, length) => {
      if (packet.cmd !== 'publish') return undefined;
      const now = performance.now();
      published.push({ at: now, bytes: length });
      sum += length;
      for (
        let oldest = published[first];
        oldest !== undefined && oldest.at <= now - 1_000;
        oldest = published[first]
      ) {
        sum -= oldest.bytes;
        first++;
      }
      const seconds = 1 + (lateness?.longest(now) ?? 0) / 1_000;
      const isExceeded = published.length - first > messages * seconds || sum > bytes * seconds;
      return isExceeded ? { closes: MESSAGE_RATE_TOO_HIGH } : undefined;
    },
  };
}

/** @param throwOut closes another connection, over MQTT 5 with a DISCONNECT of this reason */
export function oneConnectionRule(
  how: NonNullable<BrokerLimits['oneConnection']>,
  throwOut: (peer: Peer, reason: number) => void,
): Rule {
  const connected = new Map<string, Peer>();
  return {
    fromClient: (packet, peer) => {
      if (packet.cmd !== 'connect') return undefined;
      const other = connected.get(peer.user);
      if (other !== undefined && how === 'refuses the second')
        return { answer: refusal(peer.level, QUOTA_EXCEEDED) };
      connected.set(peer.user, peer);
      if (other !== undefined) throwOut(other, TAKEN_OVER);
      return undefined;
    },
    closed: peer => {
      if (connected.get(peer.user) === peer) connected.delete(peer.user);
    },
  };
}

/** @param count called with each answer; returns the number of answers of its type so far, including this one */
export function lossRule(lost: readonly LostAnswer[], count: (packet: Packet) => number): Rule {
  return {
    fromBroker: packet => {
      const number = count(packet);
      return lost.some(({ answer, nth }) => packet.cmd === answer && nth === number) ? 'lost' : undefined;
    },
  };
}

/** Both directions of a connection are silent from a packet on, which is lost as well. */
export function silenceRule({ packet: from, nth }: NonNullable<BrokerLimits['silentFrom']>): Rule {
  let seen = 0;
  return {
    fromClient: (packet, peer) => {
      if (packet.cmd === from && ++seen === nth) peer.isSilent = true;
      return peer.isSilent ? 'lost' : undefined;
    },
  };
}

export function suback(messageId: number | undefined, granted: number[]): Packet {
  return { cmd: 'suback', granted, ...(messageId === undefined ? {} : { messageId }) };
}

function refusal(level: number, reason: number): Packet {
  return level === 5
    ? { cmd: 'connack', sessionPresent: false, reasonCode: reason }
    : { cmd: 'connack', sessionPresent: false, returnCode: REFUSED_OVER_MQTT311 };
}

function isWelcome(packet: Packet, level: number): packet is IConnackPacket {
  return level === 5 && packet.cmd === 'connack' && packet.reasonCode === 0;
}

function announcing(connack: IConnackPacket, more: NonNullable<IConnackPacket['properties']>): Packet {
  return { ...connack, properties: { ...connack.properties, ...more } };
}

function endsFlight(packet: Packet): boolean {
  if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') return true;
  return packet.cmd === 'pubrec' && (packet.reasonCode ?? 0) >= FAILURE;
}
