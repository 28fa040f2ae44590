/**
 * A real broker with additional limits: a relay in front of it applies one line of a table. Clients that connect to the
 * broker itself have no such limits.
 *
 * Each packet passes through the rules in their order; the first one that stops it decides. An answer of the relay passes
 * through the rules too, as if it came from the broker.
 */

import { generate, type Packet } from 'mqtt-packet';
import { Link } from '../link.ts';
import { CONNECT, levelOf, packetIn, typeOf } from '../packet-bytes.ts';
import { type Answer, PacketRelay, type Rewrite } from '../packet-relay.ts';
import type { BrokerLimits, BrokerPacket, Rights } from './broker-limits.ts';
import { newPeer, type Peer, type Rule, type Verdict } from './peer.ts';
import { readRule, writeRule } from './rights.ts';
import type { Published } from './rules.ts';
import * as rules from './rules.ts';

type Passed = ReturnType<Rewrite>;

export class LimitedBroker {
  /** How clients exceeded limits that CONNACK had told them; see `assertKept`. */
  readonly violations: string[] = [];
  /** The reason of each hang-up at something that exceeded a limit. */
  readonly closings: number[] = [];
  /** When each PUBLISH of a client came, in milliseconds, and its bytes. */
  readonly published: Published[] = [];
  /** The present limits; they can be changed at any time. */
  rights: { mayRead?: Rights | undefined; mayWrite?: Rights | undefined };
  readonly #rules: readonly Rule[];
  readonly #peers = new Map<number, Peer>();
  readonly #answers = new Map<Packet['cmd'], number>();
  #relay: PacketRelay | undefined;
  #link: Link | undefined;

  /** In front of the broker on that port. */
  static async before(brokerPort: number, limits: BrokerLimits): Promise<LimitedBroker> {
    const limited = new LimitedBroker(limits);
    const relay = await PacketRelay.before(brokerPort, {
      level: 'any',
      fromClient: (packet, connection) => limited.#fromClient(packet, limited.#peer(connection)),
      fromBroker: (packet, connection) => limited.#fromBroker(packet, limited.#peer(connection)),
      closed: connection => limited.#closed(connection),
    });
    const link = await Link.to(relay.port);
    link.delay = limits.delay ?? 0;
    link.bytesPerSecond = limits.bytesPerSecond ?? Number.POSITIVE_INFINITY;
    limited.#relay = relay;
    limited.#link = link;
    return limited;
  }

  private constructor({ mayRead, mayWrite, ...limits }: BrokerLimits) {
    this.rights = { mayRead, mayWrite };
    const { silentFrom, lost = [], receiveMaximum, oneConnection, packetSize, levels, filters } = limits;
    const { topicBytes, maxQos, rate } = limits;
    this.#rules = [
      ...(silentFrom === undefined ? [] : [rules.silenceRule(silentFrom)]),
      rules.lossRule(lost, ({ cmd }) => this.#count(cmd)),
      ...(receiveMaximum === undefined
        ? []
        : [rules.receiveMaximumRule(receiveMaximum, violation => this.violations.push(violation))]),
      ...(oneConnection === undefined
        ? []
        : [rules.oneConnectionRule(oneConnection, (peer, reason) => this.#throwOut(peer, reason))]),
      ...(packetSize === undefined ? [] : [rules.packetSizeRule(packetSize)]),
      rules.rateRule(rate ?? {}, this.published),
      ...(topicBytes === undefined ? [] : [rules.topicRule(topicBytes)]),
      ...(maxQos === undefined ? [] : [rules.qosRule(maxQos)]),
      ...(levels === undefined ? [] : [rules.levelRule(levels)]),
      ...(filters === undefined ? [] : [rules.filterRule(filters)]),
      writeRule(() => this.rights.mayWrite),
      readRule(() => this.rights.mayRead),
    ];
  }

  get url(): string {
    return this.link.url;
  }

  /** The network in front of it, which can be cut and frozen too. */
  get link(): Link {
    if (this.#link === undefined) throw new Error('it is not started');
    return this.#link;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#peers.size;
  }

  /** The number of silent connections. */
  get silentConnections(): number {
    return [...this.#peers.values()].filter(({ isSilent }) => isSilent).length;
  }

  /** The number of answers of a type, including lost ones. */
  answers(type: BrokerPacket): number {
    return this.#answers.get(type) ?? 0;
  }

  /** From now on the open connections are silent in both directions. New ones are served. */
  fallSilent(): void {
    for (const peer of this.#peers.values()) peer.isSilent = true;
  }

  /** @throws Error if a client had more publishes in flight than CONNACK allowed */
  assertKept(): void {
    if (this.violations.length > 0) throw new Error(this.violations.join('\n'));
  }

  async close(): Promise<void> {
    await this.#link?.close();
    await this.#relay?.close();
  }

  #peer(connection: number): Peer {
    const peer = this.#peers.get(connection) ?? newPeer(connection);
    this.#peers.set(connection, peer);
    return peer;
  }

  #count(cmd: Packet['cmd']): number {
    const number = (this.#answers.get(cmd) ?? 0) + 1;
    this.#answers.set(cmd, number);
    return number;
  }

  #fromClient(bytes: Buffer, peer: Peer): Passed {
    if (peer.isClosed || peer.isSilent) return 'silence';
    if (typeOf(bytes) === CONNECT) peer.level = levelOf(bytes);
    const packet = packetIn(bytes, peer.level);
    // What cannot be parsed passes unchanged.
    if (packet === undefined) return bytes;
    if (packet.cmd === 'connect') peer.user = packet.username ?? '';
    const judge = (rule: Rule, judged: Packet) => rule.fromClient?.(judged, peer, bytes.length);
    const outcome = this.#judged(bytes, packet, peer, judge);
    return 'cmd' in outcome ? this.#answer(outcome, peer) : outcome.passed;
  }

  /** An answer in place of that of the broker: it can be lost like one of the broker. */
  #answer(answer: Packet, peer: Peer): Passed {
    const hangsUp = answer.cmd === 'connack';
    if (hangsUp) peer.isClosed = true;
    for (const { fromBroker } of this.#rules) if (fromBroker?.(answer, peer) === 'lost') return 'silence';
    return { answer: bytesOf(answer, peer.level), hangsUp };
  }

  #fromBroker(bytes: Buffer, peer: Peer): Passed {
    if (peer.isClosed || peer.isSilent) return 'silence';
    const packet = packetIn(bytes, peer.level);
    if (packet === undefined) return bytes;
    const outcome = this.#judged(bytes, packet, peer, (rule, judged) => rule.fromBroker?.(judged, peer));
    return 'cmd' in outcome ? { answer: bytesOf(outcome, peer.level) } : outcome.passed;
  }

  /** The packet to forward, or the answer to its sender. */
  #judged(
    bytes: Buffer,
    packet: Packet,
    peer: Peer,
    judge: (rule: Rule, packet: Packet) => Verdict,
  ): Packet | { readonly passed: Passed } {
    let judged = packet;
    for (const rule of this.#rules) {
      const verdict = judge(rule, judged);
      if (verdict === undefined) continue;
      if (verdict === 'lost') return { passed: 'silence' };
      if ('answer' in verdict) return verdict.answer;
      if ('closes' in verdict) {
        this.closings.push(verdict.closes);
        return { passed: closing(peer, verdict.closes) };
      }
      judged = verdict.instead;
    }
    return { passed: judged === packet ? bytes : bytesOf(judged, peer.level) };
  }

  #throwOut(peer: Peer, reason: number): void {
    const farewell = closing(peer, reason);
    if (farewell !== 'hang-up') this.#relay?.send(peer.connection, farewell.answer);
    this.#relay?.hangUp(peer.connection);
  }

  #closed(connection: number): void {
    const peer = this.#peers.get(connection);
    if (peer === undefined) return;
    this.#peers.delete(connection);
    for (const { closed } of this.#rules) closed?.(peer);
  }
}

/** Over MQTT 5 a DISCONNECT says why, once the client is connected. */
function closing(peer: Peer, reasonCode: number): 'hang-up' | Answer {
  peer.isClosed = true;
  if (peer.level !== 5) return 'hang-up';
  return { answer: bytesOf({ cmd: 'disconnect', reasonCode }, peer.level), hangsUp: true };
}

function bytesOf(packet: Packet, level: number): Buffer {
  return generate(packet, { protocolVersion: level });
}
