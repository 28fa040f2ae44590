/** Bytes that a broker may send to the packet reader, drawn by chance and cut into pieces. */

import { generate, type Packet } from 'mqtt-packet';
import { publishBytes } from '../../support/publish-bytes.ts';
import type { Chance } from './chance.ts';
import { anyPacket, soundProperties } from './hostile-packets.ts';
import { mutated } from './mutations.ts';

/** Packets that a broker sends, most of them sound. */
export function drawnBytes(chance: Chance, version: 4 | 5): Buffer {
  const mqtt5 = version === 5;
  const rate = chance.pick([0, 0, 0.05, 0.3]);
  const packets = Array.from({ length: 1 + chance.below(12) }, () => {
    const packet = soundPacket(chance, version);
    if (!chance.happens(rate)) return packet;
    return chance.happens(0.5) ? anyPacket(chance, mqtt5) : Buffer.concat(mutated(packet, chance, mqtt5));
  });
  return Buffer.concat(packets);
}

export function soundPacket(chance: Chance, version: 4 | 5): Buffer {
  const messageId = 1 + chance.below(65_535);
  if (chance.happens(0.6)) {
    return publishBytes({
      topic: chance.pick(['t', 'a/b/c', 'é/ü', 'x'.repeat(200), 'canards/oslo']),
      payload: chance.bytes(chance.pick([0, 1, 10, 100, 130, 3_000])),
      qos: chance.pick([0, 1, 1, 2]),
      retain: chance.happens(0.3),
      id: messageId,
      properties: version === 5 ? soundProperties(chance) : undefined,
    });
  }
  const others: readonly (() => Packet)[] = [
    () => ({ cmd: 'puback', messageId, ...(version === 5 && { reasonCode: chance.pick([0, 0x10, 0x87]) }) }),
    () => ({ cmd: 'pubrec', messageId }),
    () => ({ cmd: 'pubrel', messageId }),
    () => ({ cmd: 'pubcomp', messageId }),
    () => ({ cmd: 'suback', messageId, granted: [0, 1, 0x80] }),
    () => ({ cmd: 'unsuback', messageId, granted: version === 5 ? [0] : [] }),
    () => ({ cmd: 'pingresp' }),
    () => ({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: chance.happens(0.5) }),
    () => ({ cmd: 'disconnect', reasonCode: 0 }),
  ];
  return generate(chance.pick(others)(), { protocolVersion: version });
}

/** The bytes in pieces of any sizes. */
export function cut(bytes: Buffer, chance: Chance): readonly Buffer[] {
  const largest = chance.pick([1, 3, 20, 300, 5_000, bytes.length]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + chance.below(largest));
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
