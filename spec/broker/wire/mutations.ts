/** Mutations of a packet of the broker: the bytes that arrive in its place, in as many pieces. */

import { PUBLISH, typeOf } from '../../support/packet-bytes.ts';
import { numberOf, withMoreProperties } from '../../support/publish-bytes.ts';
import type { Chance } from './chance.ts';
import { anyProperties } from './hostile-packets.ts';

type Mutation = (packet: Buffer, chance: Chance, mqtt5: boolean) => readonly Buffer[];

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'flips bits': (packet, chance) => {
    const changed = Buffer.from(packet);
    for (let flips = 1 + chance.below(8); flips > 0; flips--) {
      const at = chance.below(changed.length);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << chance.below(8)), at);
    }
    return [changed];
  },
  'cuts it short': (packet, chance) => [packet.subarray(0, chance.below(packet.length))],
  'sends it twice': packet => [packet, packet],
  'glues it to a part of itself': (packet, chance) => [
    Buffer.concat([packet, packet.subarray(chance.below(packet.length))]),
  ],
  'drops it': () => [],
  'puts bytes in': (packet, chance) => {
    const at = chance.below(packet.length + 1);
    return [packet.subarray(0, at), chance.bytes(1 + chance.below(20)), packet.subarray(at)];
  },
  'makes another type of it': (packet, chance) => {
    const changed = Buffer.from(packet);
    changed.writeUInt8((chance.below(16) << 4) | (packet.readUInt8(0) & 0x0f), 0);
    return [changed];
  },
  'gives it other flags': (packet, chance) => {
    const changed = Buffer.from(packet);
    changed.writeUInt8((packet.readUInt8(0) & 0xf0) | chance.below(16), 0);
    return [changed];
  },
  'says another length': (packet, chance) => {
    const length = chance.pick([0, 1, packet.length + 10, 127, 128, 16_383, 2_000_000, 268_435_455]);
    return [packet.subarray(0, 1), numberOf(length), packet.subarray(2)];
  },
  'says a length of five bytes': packet => [
    packet.subarray(0, 1),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]),
    packet.subarray(2),
  ],
  'sends it byte by byte': packet => Array.from(packet, (_, at) => packet.subarray(at, at + 1)),
  'gives it more properties': (packet, chance, mqtt5) =>
    mqtt5 && typeOf(packet) === PUBLISH ? [withMoreProperties(packet, anyProperties(chance))] : [packet],
};

export function mutated(packet: Buffer, chance: Chance, mqtt5: boolean): readonly Buffer[] {
  const mutation = MUTATIONS[chance.pick(Object.keys(MUTATIONS))];
  return mutation === undefined || packet.length < 2 ? [packet] : mutation(packet, chance, mqtt5);
}
