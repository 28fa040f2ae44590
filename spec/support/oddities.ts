/** What some brokers do, or say, otherwise than those at hand; for a relay before one of these. */

import {
  CONNACK,
  CONNECT,
  headerOf,
  PUBACK,
  PUBLISH,
  packetIdOf,
  SUBACK,
  SUBSCRIBE,
  topicOf,
  typeOf,
  UNSUBSCRIBE,
  variable,
} from './packet-bytes.ts';
import type { Oddity } from './packet-relay.ts';

/** Of the options of a subscription. */
const RETAIN_AS_PUBLISHED = 0b1000;

/** The connection is closed at a CONNECT of MQTT 5, as brokers do that are older. */
export const HANGS_UP: Oddity = {
  fromClient: packet => (typeOf(packet) === CONNECT ? 'hang-up' : packet),
};

/** A CONNECT of MQTT 5 has no answer, and the connection stays open. */
export const IS_SILENT: Oddity = {
  fromClient: packet => (typeOf(packet) === CONNECT ? 'silence' : packet),
};

/** CONNACK says that wildcard subscriptions are not available (MQTT 5 §3.2.2.3.11). */
export const NO_WILDCARDS: Oddity = {
  fromBroker: packet =>
    typeOf(packet) === CONNACK ? withProperties(packet, Buffer.from([0x28, 0])) : packet,
};

/** Live messages lose their retain flag on their way to subscriptions with wildcards, as at Artemis. */
export const DROPS_LIVE_FLAGS: Oddity = {
  fromClient: packet => (typeOf(packet) === SUBSCRIBE ? withoutRetainAsPublished(packet) : packet),
};

/** Over MQTT 3.1.1 live messages of QoS 0 bear the retain flag that they were published with. */
export function flagsLiveQos0(): Oddity {
  const retained = new Set<string>();
  const keyOf = (packet: Buffer) => packet.subarray(headerOf(packet)).toString('latin1');
  return {
    level: 4,
    fromClient: packet => {
      const isRetained = typeOf(packet) === PUBLISH && qosOf(packet) === 0 && (packet.readUInt8(0) & 1) === 1;
      if (isRetained) retained.add(keyOf(packet));
      return packet;
    },
    fromBroker: packet => {
      const isLive = typeOf(packet) === PUBLISH && qosOf(packet) === 0 && retained.has(keyOf(packet));
      if (!isLive) return packet;
      const flagged = Buffer.from(packet);
      flagged.writeUInt8(packet.readUInt8(0) | 1, 0);
      return flagged;
    },
  };
}

/** A SUBSCRIBE has no answer, though pings have. */
export const ANSWERS_NO_SUBSCRIBE: Oddity = {
  level: 4,
  fromBroker: packet => (typeOf(packet) === SUBACK ? 'silence' : packet),
};

/** PUBACK has the reason code 0x01, which MQTT 5 does not know, as Mochi's has. */
export const BREAKS_PUBACKS: Oddity = {
  fromBroker: packet =>
    typeOf(packet) === PUBACK ? Buffer.from([PUBACK << 4, 3, ...packet.subarray(2, 4), 0x01]) : packet,
};

/** Over MQTT 3.1.1 no more than QoS 1 is granted, and what is published with QoS 2 has no answer, as at Mosca. */
export const NO_QOS_2: Oddity = {
  level: 4,
  fromClient: packet => (typeOf(packet) === PUBLISH && qosOf(packet) === 2 ? 'silence' : packet),
  fromBroker: packet => (typeOf(packet) === SUBACK ? withoutQos2(packet) : packet),
};

/**
 * The connection is closed where something is published under such a topic.
 * @param when before the broker sees it, or with the acknowledgement
 */
export function hangsUpOnTopics(
  level: 4 | 5,
  isBad: (topic: string) => boolean,
  when: 'at once' | 'acknowledged' = 'at once',
): Oddity {
  const ids = new Map<number, Set<number>>();
  return {
    level,
    fromClient: (packet, connection) => {
      if (typeOf(packet) !== PUBLISH || !isBad(topicOf(packet))) return packet;
      if (when === 'at once') return 'hang-up';
      const id = packetIdOf(packet);
      if (id !== undefined) ids.set(connection, (ids.get(connection) ?? new Set()).add(id));
      return packet;
    },
    fromBroker: (packet, connection) => {
      const isLast = typeOf(packet) === PUBACK && ids.get(connection)?.has(packet.readUInt16BE(2)) === true;
      return isLast ? { last: packet } : packet;
    },
  };
}

/** The connection is closed at a SUBSCRIBE for the presence of other replicators. */
export function hangsUpOnPresence(level: 4 | 5): Oddity {
  const isAsked = (packet: Buffer) => typeOf(packet) === SUBSCRIBE && packet.includes('/+/presence/');
  return { level, fromClient: packet => (isAsked(packet) ? 'hang-up' : packet) };
}

/** The first acknowledgement of a publish under the topic is lost. */
export function losesPuback(level: 4 | 5, isOdd: (topic: string) => boolean): Oddity & { lost: number } {
  const ids = new Set<string>();
  const oddity = {
    level,
    lost: 0,
    fromClient: (packet: Buffer, connection: number) => {
      if (typeOf(packet) === PUBLISH && isOdd(topicOf(packet)))
        ids.add(`${connection} ${packetIdOf(packet)}`);
      return packet;
    },
    fromBroker: (packet: Buffer, connection: number) => {
      const isOdd = typeOf(packet) === PUBACK && ids.delete(`${connection} ${packet.readUInt16BE(2)}`);
      if (!isOdd || oddity.lost > 0) return packet;
      oddity.lost++;
      return 'silence' as const;
    },
  };
  return oddity;
}

/**
 * From the first UNSUBSCRIBE on that connection is answered nothing, nor is who comes with the same CONNECT: as with
 * Artemis now and then, where it takes 30 s.
 */
export function stallsOnce(): Oddity {
  const connects = new Map<number, Buffer>();
  let stalled: number | undefined;
  return {
    fromClient: (packet, connection) => {
      if (typeOf(packet) === CONNECT) connects.set(connection, packet);
      if (typeOf(packet) === UNSUBSCRIBE) stalled ??= connection;
      if (stalled === undefined) return packet;
      const isSame = connects.get(connection)?.equals(connects.get(stalled) ?? packet);
      return isSame === true ? 'silence' : packet;
    },
  };
}

/**
 * CONNACK: type, remaining length, flags, reason code, length of the properties, properties. Both lengths must
 * stay below 128, so one byte each.
 */
function withProperties(connack: Buffer, properties: Buffer): Buffer {
  const changed = Buffer.concat([connack, properties]);
  for (const at of [1, 4]) {
    const length = connack.readUInt8(at) + properties.length;
    if (length > 127) throw new RangeError(`the length ${length} does not fit into its byte of the CONNACK`);
    changed.writeUInt8(length, at);
  }
  return changed;
}

/** SUBSCRIBE: packet identifier, properties, and for each filter its length, itself and a byte of options. */
function withoutRetainAsPublished(subscribe: Buffer): Buffer {
  const changed = Buffer.from(subscribe);
  const properties = variable(changed, headerOf(changed) + 2);
  let at = (properties?.end ?? 0) + (properties?.value ?? 0);
  while (at < changed.length) {
    const options = at + 2 + changed.readUInt16BE(at);
    const isWild = /[+#]/.test(changed.toString('utf8', at + 2, options));
    if (isWild) changed.writeUInt8(changed.readUInt8(options) & ~RETAIN_AS_PUBLISHED, options);
    at = options + 1;
  }
  return changed;
}

function qosOf(publish: Buffer): number {
  return (publish.readUInt8(0) >> 1) & 0b11;
}

/** SUBACK of MQTT 3.1.1: packet identifier, and a byte for each filter. */
function withoutQos2(suback: Buffer): Buffer {
  const codes = headerOf(suback) + 2;
  return Buffer.from(suback.map((byte, at) => (at >= codes && byte === 2 ? 1 : byte)));
}
