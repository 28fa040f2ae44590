/**
 * Trials: quarantined topics are published on a connection of their own, so that a broker that hangs up on them does not
 * cut off all others. Several are tried at once, and by halving after a hang-up.
 *
 * Lives as long as the outbox that it stands beside. Publications of one topic keep their order: while a topic is tried,
 * the others of the topic wait here.
 */

import type { RawPublication } from '../../protocol/publication.ts';
import type { Connection } from '../connection/connection.ts';
import { verdictOf } from './denial.ts';
import { judgeHangup } from './halving.ts';
import type { Hangups, PublishFailure, Sent } from './hangups.ts';
import { type PacketLimits, packetOf } from './outgoing-packet.ts';
import type { SideConnection } from './side-connection.ts';

/** Topics that are tried at once. */
const GROUP_SIZE = 64;

/** Longest wait for the answers to a group, in milliseconds. A broker that answers later counts as one that hangs up. */
const ANSWER_LIMIT_MS = 5_000;

/** Milliseconds in which the end of the main connection says that the network failed, and not the trial. */
const NETWORK_GRACE_MS = 100;

/** Bytes of payload that wait for a trial. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

/** As much of a connection as a trial needs. */
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
  /** A control topic, for the UNSUBSCRIBE whose answer comes after all others. */
  readonly fence: string;
  readonly isMainConnected: () => boolean;
  /** The broker took a publication, or it is not sent for this reason. */
  readonly settled: (publication: RawPublication, refusal: PublishFailure | undefined) => void;
  /** The broker took the topic: these of it are to be published on the main connection, before all later ones. */
  readonly freed: (topic: string, publications: readonly RawPublication[]) => void;
  /** There is no side connection: these are to be published on the main connection, alone and last. */
  readonly returned: (publications: readonly RawPublication[]) => void;
}

export class QuarantinePublisher {
  /** Counts. */
  readonly counters = { trials: 0, quarantine_hangups: 0 };
  readonly #deps: QuarantinePublisherDeps;
  /** By topic, in their order. */
  readonly #queued = new Map<string, RawPublication[]>();
  /** Topics that are to be tried together; before those that were not tried yet. */
  #groups: (readonly string[])[] = [];
  #bytes = 0;
  #isWorking = false;
  #isClosed = false;

  constructor(deps: QuarantinePublisherDeps) {
    this.#deps = deps;
  }

  /** Whether a publication of that many bytes can be taken now. */
  accepts(bytes: number): boolean {
    return this.#deps.side.isAvailable && this.#bytes + bytes <= MAX_QUEUED_BYTES;
  }

  take(publication: RawPublication): void {
    const { topic, payload } = publication;
    const waiting = this.#queued.get(topic);
    if (waiting === undefined) this.#queued.set(topic, [publication]);
    else waiting.push(publication);
    this.#bytes += payload.length;
    if (this.#isWorking) return;
    this.#isWorking = true;
    // The others of the batch come with the same turn.
    setImmediate(() => {
      this.#work().catch((error: unknown) => this.#failed(error));
    });
  }

  /** What waits is void. */
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
      if (connection !== undefined) await this.#try(connection, group);
      else if (!this.#deps.side.isAvailable) this.#returnAll();
    }
    this.#isWorking = false;
  }

  /** An error of ours must not lose what waits. */
  #failed(error: unknown): void {
    this.#isWorking = false;
    this.#deps.side.failed(error);
    this.#returnAll();
  }

  #next(): readonly string[] {
    const group = this.#groups.shift() ?? [...this.#queued.keys()].slice(0, GROUP_SIZE);
    return group.filter(topic => this.#queued.has(topic));
  }

  async #try(connection: QuarantineConnection, topics: readonly string[]): Promise<void> {
    this.counters.trials++;
    const { receiveMaximum } = connection.limits;
    const group = topics.slice(0, receiveMaximum);
    if (group.length < topics.length) this.#groups.unshift(topics.slice(receiveMaximum));
    const acknowledged: string[] = [];
    const sent = new Map<string, Sent>();
    const limit = setTimeout(() => connection.destroy(), ANSWER_LIMIT_MS);
    const answers = group.map(topic => this.#publish(connection, topic, sent, acknowledged));
    const answered = Promise.all(answers).then(() => connection.unsubscribe([this.#deps.fence]));
    const isAnswered = await Promise.race([answered, connection.closed.then(() => false)]);
    if (!isAnswered) connection.destroy();
    clearTimeout(limit);
    if (!connection.hasEnded) {
      for (const topic of group) if (sent.has(topic)) this.#taken(topic);
      return;
    }
    this.counters.quarantine_hangups++;
    await new Promise(resolve => setTimeout(resolve, NETWORK_GRACE_MS));
    if (this.#isClosed || !this.#deps.isMainConnected()) return;
    this.#judge(group, acknowledged, sent);
  }

  /** Publishes the first of the topic. Resolves when it is answered, or the connection ended. */
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
    const mostBytes = Math.min(
      connection.limits.maximumPacketSize,
      this.#deps.hangups.sizeLimit(performance.now()),
    );
    if (packet.fault !== undefined) {
      this.#refuseFirst(topic, { reason: `${packet.fault}; this value is not sent`, scope: 'value' });
      return Promise.resolve();
    }
    if (packet.size > mostBytes) {
      const reason = `its packet has ${packet.size} bytes, more than the ${mostBytes} that the broker takes`;
      this.#refuseFirst(topic, { reason, scope: 'value' });
      return Promise.resolve();
    }
    sent.set(topic, { topic, size: packet.qos === 0 ? 0 : packet.size });
    return new Promise(resolve => {
      connection.publish(topic, publication.payload, packet.options, error => {
        if (error === undefined) {
          // With QoS 0 it was written, no more.
          if (packet.qos > 0) acknowledged.push(topic);
        } else if (!connection.hasEnded) {
          // It stays in quarantine: the broker may hang up on it as well.
          this.#refuse(topic, verdictOf(error));
        }
        resolve();
      });
    });
  }

  #judge(group: readonly string[], acknowledged: readonly string[], sent: ReadonlyMap<string, Sent>): void {
    const { hangups } = this.#deps;
    const left = group.filter(topic => this.#queued.has(topic) && sent.has(topic));
    const { taken, alone, groups } = judgeHangup(left, acknowledged);
    for (const topic of taken) this.#taken(topic);
    this.#groups.unshift(...groups);
    if (alone === undefined) return;
    const verdict = hangups.hungUpOnAlone(sent.get(alone) ?? { topic: alone, size: 0 }, performance.now());
    if (verdict === undefined) this.#groups.unshift([alone]);
    else this.#refuse(alone, verdict);
    for (const topic of [...this.#queued.keys()].filter(each => hangups.isTooDeep(each))) {
      this.#refuse(topic, hangups.tooDeep);
    }
  }

  #taken(topic: string): void {
    const publications = this.#queued.get(topic);
    const [first, ...others] = publications ?? [];
    if (first === undefined) return;
    this.#forget(topic);
    this.#deps.hangups.taken(topic);
    this.#deps.settled(first, undefined);
    this.#deps.freed(topic, others);
  }

  /** The broker may take the next value of the topic. */
  #refuseFirst(topic: string, verdict: PublishFailure): void {
    const [first, ...others] = this.#queued.get(topic) ?? [];
    if (first === undefined) return;
    this.#bytes -= first.payload.length;
    if (others.length === 0) this.#queued.delete(topic);
    else this.#queued.set(topic, others);
    this.#deps.settled(first, verdict);
  }

  #refuse(topic: string, verdict: PublishFailure): void {
    const publications = this.#queued.get(topic) ?? [];
    this.#forget(topic);
    for (const publication of publications) this.#deps.settled(publication, verdict);
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
