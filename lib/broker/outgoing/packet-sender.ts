/**
 * Sends one publication after the other, and tells what became of each: the answer of the broker, or why it was not sent. How many
 * are in flight at once, and which comes next, is for the outbox.
 */

import { isReplicable } from '../../core/filter.ts';
import type { QoS } from '../../core/policy.ts';
import type { RawPublication } from '../../protocol/publication.ts';
import { failureOf } from './denial.ts';
import { Fence } from './fence.ts';
import type { PublishFailure } from './hangups.ts';
import type { InFlight } from './in-flight.ts';
import type { Numbered } from './numbered-queue.ts';
import { countSent, type OutboxCounters } from './outbox-counters.ts';
import type { OutboxDeps } from './outbox-deps.ts';
import { failureOfPacket, isDeletion, malformed, packetOf, VAIN_DELETION } from './outgoing-packet.ts';

export interface PacketSenderDeps
  extends Pick<
    OutboxDeps,
    'connection' | 'stamps' | 'controlPrefix' | 'limits' | 'hangups' | 'overdue' | 'roundTrips'
  > {
  readonly counters: OutboxCounters;
  readonly inFlight: Pick<InFlight, 'add' | 'addUnsent'>;
  /** Called once for each publication, after `send` has returned; `failure` is undefined if the broker has taken it. */
  readonly completed: (
    sequence: number,
    publication: RawPublication,
    failure: PublishFailure | undefined,
  ) => void;
}

export class PacketSender {
  readonly #deps: PacketSenderDeps;
  readonly #fence: Fence;
  #maxQos: QoS;

  constructor(deps: PacketSenderDeps) {
    const { connection, controlPrefix, overdue } = deps;
    this.#deps = deps;
    this.#maxQos = deps.limits.maxQos;
    this.#fence = new Fence({
      roundTrip: () => connection.unsubscribe([`${controlPrefix}/fence`]),
      hasEnded: () => connection.hasEnded,
      overdue: () => overdue([]),
    });
  }

  /** From now on nothing is published with a higher QoS. */
  lowerQos(maxQos: QoS): void {
    if (maxQos < this.#maxQos) this.#maxQos = maxQos;
  }

  close(): void {
    this.#fence.close();
  }

  send({ sequence, publication }: Numbered): void {
    const { connection, limits, roundTrips, hangups, stamps, counters, inFlight } = this.#deps;
    const { topic, payload } = publication;
    const { protocolVersion } = connection;
    const packet = packetOf(publication, {
      protocolVersion,
      maxQos: this.#maxQos,
      retains: limits.retains,
      stamps,
    });
    const { qos, size } = packet;
    const maximumPacketSize = Math.min(limits.maximumPacketSize, hangups.sizeLimit(performance.now()));
    // Control topics are deleted all the same: nobody waits for that.
    const isVain = limits.acceptsDeletions === false && isDeletion(publication) && this.#isReplicable(topic);
    const failure = isVain ? VAIN_DELETION : failureOfPacket(packet, maximumPacketSize);
    if (failure !== undefined) {
      const { counter, ...reason } = failure;
      counters[counter]++;
      this.refuse(sequence, publication, reason);
      return;
    }
    inFlight.add(sequence, topic, qos, size);
    // A publish of QoS 0 is not acknowledged.
    if (qos > 0) roundTrips.sent(publication);
    countSent(counters, publication, packet);
    try {
      connection.publish(topic, payload, packet.options, error =>
        this.#answered(sequence, publication, qos, error),
      );
    } catch (error) {
      counters.refused_malformed++;
      this.refuse(sequence, publication, malformed((error as Error).message));
    }
  }

  /** Completes a publication that is not sent: in the next turn of the event loop, like an answer. */
  refuse(sequence: number, publication: RawPublication, failure: PublishFailure): void {
    const { inFlight, completed } = this.#deps;
    inFlight.addUnsent(sequence, publication.topic);
    setImmediate(() => completed(sequence, publication, failure));
  }

  #answered(sequence: number, publication: RawPublication, qos: QoS, error: Error | undefined): void {
    // MQTT.js fails all publishes in flight when a connection ends: that is no answer of the broker.
    if (error !== undefined && this.#deps.connection.hasEnded) return;
    const complete = () =>
      this.#deps.completed(sequence, publication, error && this.#failureBy(error, publication.topic));
    // Neither an echo nor an acknowledgement will come.
    if (qos === 0 && publication.hasNoEcho && error === undefined) this.#fence.behind(complete);
    else complete();
  }

  /** The broker refused the publish. */
  #failureBy(error: Error, topic: string): PublishFailure {
    const failure = failureOf(error);
    return this.#isReplicable(topic) ? failure : { ...failure, scope: 'topic' };
  }

  #isReplicable(topic: string): boolean {
    return isReplicable(topic, this.#deps.controlPrefix);
  }
}
