/**
 * A broker that treats topics as Emitter does: each one that comes has a key in front and `/` at its end; what it delivers has
 * lost the key. It delivers with QoS 0 and without the retain flag, an empty message deletes nothing, and a wildcard shows one
 * stored message. A topic with other characters, or without the key, is acknowledged and dropped.
 */

import { generate, type Packet } from 'mqtt-packet';
import { type AedesBroker, startAedes } from './aedes-broker.ts';
import { CONNECT, levelOf, packetIn, typeOf } from './packet-bytes.ts';
import { PacketRelay, type Rewrite } from './packet-relay.ts';
import type { TestBroker } from './test-broker.ts';

export const EMITTER_KEY = 'xEbaDPaICEtm1FvCqz5RLAK2';

const CHANNEL = /^[-./0-9:A-Za-z_$]+\/$/;
const FILTER = /^[-./0-9:A-Za-z_$+]*(?:#|\/)$/;

export class FakeEmitter {
  /** Behind the relay; clients that connect to it need no key. */
  readonly stored: AedesBroker;
  readonly relay: PacketRelay;

  static async start(): Promise<FakeEmitter> {
    const stored = await startAedes({ flagsReplays: false, replaysOne: true });
    const levels = new Map<number, number>();
    const relay = await PacketRelay.before(stored.port, {
      level: 'any',
      fromClient: (bytes, connection) => {
        if (typeOf(bytes) === CONNECT) levels.set(connection, levelOf(bytes));
        return rewritten(bytes, levels.get(connection) ?? 4, inward);
      },
      fromBroker: bytes => bytes,
    });
    return new FakeEmitter(stored, relay);
  }

  private constructor(stored: AedesBroker, relay: PacketRelay) {
    this.stored = stored;
    this.relay = relay;
  }

  get broker(): TestBroker {
    return this.stored;
  }

  /** Where mqttrep connects. */
  get url(): string {
    return this.relay.url;
  }

  async close(): Promise<void> {
    await this.relay.close();
  }
}

/** What is forwarded for a packet, or answered to its sender. */
type Inward = Packet | { readonly answer: Packet } | 'dropped';

function inward(packet: Packet): Inward {
  switch (packet.cmd) {
    case 'publish': {
      const topic = channelOf(packet.topic, CHANNEL);
      const isVain = packet.retain && packet.payload.length === 0;
      if (topic === undefined || isVain) {
        if (packet.qos === 0) return 'dropped';
        return { answer: { cmd: 'puback', messageId: packet.messageId ?? 0 } };
      }
      return { ...packet, topic };
    }
    case 'subscribe': {
      const subscriptions = packet.subscriptions.map(one => ({
        ...one,
        topic: channelOf(one.topic, FILTER) ?? `$refused/${one.topic}`,
        qos: 0 as const,
      }));
      return { ...packet, subscriptions };
    }
    case 'unsubscribe':
      return { ...packet, unsubscriptions: packet.unsubscriptions.map(one => channelOf(one, FILTER) ?? one) };
    default:
      return packet;
  }
}

function channelOf(topic: string, pattern: RegExp): string | undefined {
  const key = `${EMITTER_KEY}/`;
  const channel = topic.startsWith(key) ? topic.slice(key.length) : '';
  return pattern.test(channel) ? channel : undefined;
}

function rewritten(bytes: Buffer, level: number, change: (packet: Packet) => Inward): ReturnType<Rewrite> {
  const packet = packetIn(bytes, level);
  if (packet === undefined || packet.cmd === 'connect') return bytes;
  const result = change(packet);
  if (result === 'dropped') return 'silence';
  if ('answer' in result) return { answer: generate(result.answer, { protocolVersion: level }) };
  return result === packet ? bytes : generate(result, { protocolVersion: level });
}
