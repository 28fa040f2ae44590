/** Quirks of brokers that are not installed here, for a `PacketRelay` in front of one that is. */

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
import type { Quirk } from './packet-relay.ts';

/** A bit in the options of a subscription. */
const RETAIN_AS_PUBLISHED = 0b1000;

/** The broker closes the connection at a CONNECT of MQTT 5, as older brokers do. */
export const HANGS_UP: Quirk = {
  fromClient: packet => (typeOf(packet) === CONNECT ? 'hang-up' : packet),
};

/** The broker does not answer a CONNECT of MQTT 5, and keeps the connection open. */
export const IS_SILENT: Quirk = {
  fromClient: packet => (typeOf(packet) === CONNECT ? 'silence' : packet),
};

/** The CONNACK says that wildcard subscriptions are not available (MQTT 5 §3.2.2.3.11). */
export const NO_WILDCARDS: Quirk = {
  fromBroker: packet =>
    typeOf(packet) === CONNACK ? withProperties(packet, Buffer.from([0x28, 0])) : packet,
};

/** The broker clears the retain flag of live messages for subscriptions with wildcards, as Artemis does. */
export const DROPS_LIVE_FLAGS: Quirk = {
  fromClient: packet => (typeOf(packet) === SUBSCRIBE ? withoutRetainAsPublished(packet) : packet),
};

/** Over MQTT 3.1.1 the broker keeps the retain flag of live messages of QoS 0 as published. */
export function flagsLiveQos0(): Quirk {
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

/** The broker drops messages of QoS 0 while messages of QoS 1 have no acknowledgement, as HiveMQ does behind a session's queue. */
export function dropsQos0WhileUnacknowledged(): Quirk {
  const unacknowledged = new Map<number, Set<number>>();
  const idsOf = (connection: number) => {
    const ids = unacknowledged.get(connection) ?? new Set();
    unacknowledged.set(connection, ids);
    return ids;
  };
  return {
    fromClient: (packet, connection) => {
      if (typeOf(packet) === PUBACK) idsOf(connection).delete(packet.readUInt16BE(2));
      return packet;
    },
    fromBroker: (packet, connection) => {
      if (typeOf(packet) !== PUBLISH) return packet;
      const id = packetIdOf(packet);
      if (id !== undefined) idsOf(connection).add(id);
      return id === undefined && idsOf(connection).size > 0 ? 'silence' : packet;
    },
    closed: connection => unacknowledged.delete(connection),
  };
}

/** The broker does not answer a SUBSCRIBE, but answers pings. */
export const ANSWERS_NO_SUBSCRIBE: Quirk = {
  level: 4,
  fromBroker: packet => (typeOf(packet) === SUBACK ? 'silence' : packet),
};

/** The PUBACK has the reason code 0x01, which MQTT 5 does not define, as at Mochi. */
export const BREAKS_PUBACKS: Quirk = {
  fromBroker: packet =>
    typeOf(packet) === PUBACK ? Buffer.from([PUBACK << 4, 3, ...packet.subarray(2, 4), 0x01]) : packet,
};

/** Over MQTT 3.1.1 the broker grants QoS 1 at most, and does not answer a publish with QoS 2, as at Mosca. */
export const NO_QOS_2: Quirk = {
  level: 4,
  fromClient: packet => (typeOf(packet) === PUBLISH && qosOf(packet) === 2 ? 'silence' : packet),
  fromBroker: packet => (typeOf(packet) === SUBACK ? withoutQos2(packet) : packet),
};

/**
 * The broker closes the connection at a publish under such a topic.
 * @param when before the broker gets the publish, or after its acknowledgement
 */
export function hangsUpOnTopics(
  level: 4 | 5,
  isBad: (topic: string) => boolean,
  when: 'at once' | 'acknowledged' = 'at once',
): Quirk {
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

/** The broker closes the connection at a SUBSCRIBE for the presence of other replicators. */
export function hangsUpOnPresence(level: 4 | 5): Quirk {
  const asksForPresence = (packet: Buffer) => typeOf(packet) === SUBSCRIBE && packet.includes('/+/presence/');
  return { level, fromClient: packet => (asksForPresence(packet) ? 'hang-up' : packet) };
}

/** The first acknowledgement of a publish under such a topic is lost. */
export function losesPuback(level: 4 | 5, isConcerned: (topic: string) => boolean): Quirk & { lost: number } {
  const ids = new Set<string>();
  const quirk = {
    level,
    lost: 0,
    fromClient: (packet: Buffer, connection: number) => {
      if (typeOf(packet) === PUBLISH && isConcerned(topicOf(packet)))
        ids.add(`${connection} ${packetIdOf(packet)}`);
      return packet;
    },
    fromBroker: (packet: Buffer, connection: number) => {
      const acknowledgesIt =
        typeOf(packet) === PUBACK && ids.delete(`${connection} ${packet.readUInt16BE(2)}`);
      if (!acknowledgesIt || quirk.lost > 0) return packet;
      quirk.lost++;
      return 'silence' as const;
    },
  };
  return quirk;
}

/**
 * From the first UNSUBSCRIBE on, the broker answers nothing on that connection, and nothing on a later one with the same
 * CONNECT. Artemis sometimes does so for 30 s.
 */
export function stallsOnce(): Quirk {
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
 * Adds properties to a CONNACK: type, remaining length, flags, reason code, length of the properties, properties. Both
 * lengths have one byte, so they must stay below 128.
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
