/**
 * Publishes quarantined topics on a side connection, so that a broker that hangs up on them does not cut off all others.
 * Several topics are published at once, after a hang-up in halves.
 *
 * Lives as long as the outbox of its session. Publications of one topic keep their order: while the first one is in flight, the
 * others wait here.
 */

import type { RawPublication } from '../../protocol/publication.ts';
import type { Connection } from '../connection/connection.ts';
import type { Pace } from '../connection/pace.ts';
import { failureOf } from './denial.ts';
import { causesOfHangup } from './halving.ts';
import type { Hangups, PublishFailure, Sent } from './hangups.ts';
import { failureOfPacket, type PacketLimits, packetOf } from './outgoing-packet.ts';
import type { SideConnection } from './side-connection.ts';

/** Topics that are published at once. */
const MAX_GROUP_SIZE = 64;

/**
 * Longest wait for the acknowledgements of a group. A broker that is slower counts as one that hangs up. At a limited rate a group
 * has no more topics than go out in a second.
 */
const ANSWER_TIMEOUT_MS = 5_000;

/** If the main connection ends within this time after the side connection, the network was the cause. */
const NETWORK_GRACE_MS = 100;

/** Most bytes of payload in quarantine. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

/** The part of a connection that is needed here. */
export type QuarantineConnection = Pick<
  Connection,
  'publish' | 'unsubscribe' | 'destroy' | 'closed' | 'hasEnded' | 'limits' | 'protocolVersion'
>;

export interface QuarantinePublisherDeps {
  readonly side: Pick<SideConnection, 'isAvailable' | 'failed' | 'disconnect'> & {
    readonly connect: () => Promise<QuarantineConnection | undefined>;
  };
  readonly hangups: Hangups;
  readonly limits: Omit<PacketLimits, 'protocolVersion'>;
  /** A control topic for the UNSUBSCRIBE whose answer comes last. */
  readonly fence: string;
  readonly isMainConnected: () => boolean;
  /** Of all connections to the broker; undefined without a limit. */
  readonly pace?: Pick<Pace, 'turn' | 'limits'> | undefined;
  /** The broker accepted the publication, or it is not sent for this reason. */
  readonly completed: (publication: RawPublication, failure: PublishFailure | undefined) => void;
  /** The broker accepted the topic: its other publications go out on the main connection, before all later ones. */
  readonly freed: (topic: string, publications: readonly RawPublication[]) => void;
  /** The side connection is unavailable: each of these goes out on the main connection, alone and last. */
  readonly returned: (publications: readonly RawPublication[]) => void;
}

export class QuarantinePublisher {
  readonly counters = { quarantine_groups: 0, quarantine_hangups: 0 };
  readonly #deps: QuarantinePublisherDeps;
  /** By topic, oldest first. */
  readonly #queued = new Map<string, RawPublication[]>();
  /** Topics to be published together. They come before topics that were not published yet. */
  #groups: (readonly string[])[] = [];
  #bytes = 0;
  #isWorking = false;
  #isClosed = false;

  constructor(deps: QuarantinePublisherDeps) {
    this.#deps = deps;
  }

  /** Whether a publication with this many bytes of payload can be taken now. */
  accepts(bytes: number): boolean {
    return this.#deps.side.isAvailable && this.#bytes + bytes <= MAX_QUEUED_BYTES;
  }

  take(publication: RawPublication): void {
    const { topic, payload } = publication;
    const queued = this.#queued.get(topic);
    if (queued === undefined) this.#queued.set(topic, [publication]);
    else queued.push(publication);
    this.#bytes += payload.length;
    if (this.#isWorking) return;
    this.#isWorking = true;
    // The other publications of the batch come in the same turn.
    setImmediate(() => {
      this.#work().catch((error: unknown) => this.#failed(error));
    });
  }

  /** Queued publications are void. */
  close(): void {
    this.#isClosed = true;
    this.#queued.clear();
    this.#groups = [];
    this.#deps.side.disconnect();
  }

  async #work(): Promise<void> {
    while (!this.#isClosed && this.#queued.size > 0) {
      const group = this.#next();
      if (group.length === 0) continue;
      const connection = await this.#deps.side.connect();
      if (this.#isClosed) break;
      if (connection !== undefined) await this.#publishGroup(connection, group);
      else if (!this.#deps.side.isAvailable) this.#returnAll();
    }
    this.#isWorking = false;
  }

  /** An error of mqttrep must not lose queued publications. */
  #failed(error: unknown): void {
    this.#isWorking = false;
    this.#deps.side.failed(error);
    this.#returnAll();
  }

  #next(): readonly string[] {
    const group = this.#groups.shift() ?? [...this.#queued.keys()].slice(0, MAX_GROUP_SIZE);
    return group.filter(topic => this.#queued.has(topic));
  }

  async #publishGroup(connection: QuarantineConnection, topics: readonly string[]): Promise<void> {
    this.counters.quarantine_groups++;
    const size = this.#groupSize(connection);
    const group = topics.slice(0, size);
    if (group.length < topics.length) this.#groups.unshift(topics.slice(size));
    const acknowledged: string[] = [];
    const sent = new Map<string, Sent>();
    const timer = setTimeout(() => connection.destroy(), ANSWER_TIMEOUT_MS);
    const answered = this.#publishAll(connection, group, sent, acknowledged).then(() =>
      connection.unsubscribe([this.#deps.fence]),
    );
    const isAnswered = await Promise.race([answered, connection.closed.then(() => false)]);
    if (!isAnswered) connection.destroy();
    clearTimeout(timer);
    if (!connection.hasEnded) {
      for (const topic of group) if (sent.has(topic)) this.#accepted(topic);
      return;
    }
    this.counters.quarantine_hangups++;
    await new Promise(resolve => setTimeout(resolve, NETWORK_GRACE_MS));
    if (this.#isClosed || !this.#deps.isMainConnected()) return;
    this.#judge(group, acknowledged, sent);
  }

  #groupSize({ limits }: QuarantineConnection): number {
    const aSecond = this.#deps.pace?.limits.messages ?? Number.POSITIVE_INFINITY;
    return Math.max(1, Math.floor(Math.min(limits.receiveMaximum, aSecond)));
  }

  /** Resolves when all are answered, or the connection has ended. */
  async #publishAll(
    connection: QuarantineConnection,
    group: readonly string[],
    sent: Map<string, Sent>,
    acknowledged: string[],
  ): Promise<void> {
    const { pace } = this.#deps;
    const answers: Promise<void>[] = [];
    for (const topic of group) {
      if (pace !== undefined) await pace.turn();
      if (connection.hasEnded || this.#isClosed) break;
      answers.push(this.#publish(connection, topic, sent, acknowledged));
    }
    await Promise.all(answers);
  }

  /** Publishes the first publication of the topic. Resolves when it is answered, or the connection has ended. */
  #publish(
    connection: QuarantineConnection,
    topic: string,
    sent: Map<string, Sent>,
    acknowledged: string[],
  ): Promise<void> {
    const [publication] = this.#queued.get(topic) ?? [];
    if (publication === undefined) return Promise.resolve();
    const { limits } = this.#deps;
    const packet = packetOf(publication, { ...limits, protocolVersion: connection.protocolVersion });
    const maximumPacketSize = Math.min(
      connection.limits.maximumPacketSize,
      this.#deps.hangups.sizeLimit(performance.now()),
    );
    const failure = failureOfPacket(packet, maximumPacketSize);
    if (failure !== undefined) {
      const { counter: _counter, ...reason } = failure;
      this.#refuseFirst(topic, reason);
      return Promise.resolve();
    }
    sent.set(topic, { topic, size: packet.qos === 0 ? 0 : packet.size });
    return new Promise(resolve => {
      connection.publish(topic, publication.payload, packet.options, error => {
        if (error === undefined) {
          // A publish of QoS 0 was only written.
          if (packet.qos > 0) acknowledged.push(topic);
        } else if (!connection.hasEnded) {
          // The topic stays in quarantine: the broker may hang up on it as well.
          this.#refuse(topic, failureOf(error));
        }
        resolve();
      });
    });
  }

  #judge(group: readonly string[], acknowledged: readonly string[], sent: ReadonlyMap<string, Sent>): void {
    const { hangups } = this.#deps;
    const left = group.filter(topic => this.#queued.has(topic) && sent.has(topic));
    const { accepted, alone, groups } = causesOfHangup(left, acknowledged, sent.size - left.length);
    for (const topic of accepted) this.#accepted(topic);
    this.#groups.unshift(...groups);
    if (alone === undefined) return;
    const failure = hangups.hungUpOnAlone(sent.get(alone) ?? { topic: alone, size: 0 }, performance.now());
    if (failure === undefined) this.#groups.unshift([alone]);
    else this.#refuse(alone, failure);
    for (const topic of [...this.#queued.keys()].filter(each => hangups.isTooDeep(each))) {
      this.#refuse(topic, hangups.tooDeep);
    }
  }

  #accepted(topic: string): void {
    const publications = this.#queued.get(topic);
    const [first, ...others] = publications ?? [];
    if (first === undefined) return;
    this.#forget(topic);
    this.#deps.hangups.accepted(topic);
    this.#deps.completed(first, undefined);
    this.#deps.freed(topic, others);
  }

  /** The broker may accept the next value of the topic. */
  #refuseFirst(topic: string, failure: PublishFailure): void {
    const [first, ...others] = this.#queued.get(topic) ?? [];
    if (first === undefined) return;
    this.#bytes -= first.payload.length;
    if (others.length === 0) this.#queued.delete(topic);
    else this.#queued.set(topic, others);
    this.#deps.completed(first, failure);
  }

  #refuse(topic: string, failure: PublishFailure): void {
    const publications = this.#queued.get(topic) ?? [];
    this.#forget(topic);
    for (const publication of publications) this.#deps.completed(publication, failure);
  }

  #forget(topic: string): void {
    for (const { payload } of this.#queued.get(topic) ?? []) this.#bytes -= payload.length;
    this.#queued.delete(topic);
  }

  #returnAll(): void {
    const publications = [...this.#queued.values()].flat();
    this.#queued.clear();
    this.#groups = [];
    this.#bytes = 0;
    this.#deps.returned(publications);
  }
}
