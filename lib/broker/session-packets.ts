/**
 * The messages that one session receives: which of them mqttrep caused itself, and how the ingress reads the others.
 *
 * A message of a capability test, of the replay or of a probe ends here. The ingress takes each other message. Messages that
 * the broker delivers before mqttrep subscribes wait until the session has started.
 */

import { isReplicable } from '../core/filter.ts';
import { liveFlagOf } from './capabilities/broker-capabilities.ts';
import type { ConnectTests } from './capabilities/connect-tests.ts';
import { EarlyMessages } from './incoming/early-messages.ts';
import { retainFlagReader } from './incoming/retain-flag.ts';
import type { ReceivedMessage } from './lane/received-message.ts';
import type { Presence } from './presence.ts';
import type { Replay } from './retained/replay.ts';
import type { Sentinel } from './retained/sentinel.ts';
import type { SessionDeps } from './session-deps.ts';
import type { SessionProbes } from './session-probes.ts';

export interface SessionPacketsDeps
  extends Pick<
    SessionDeps,
    'connection' | 'ingress' | 'inbound' | 'capabilities' | 'sentinelVisibility' | 'heartbeat'
  > {
  readonly presence: Presence | undefined;
  readonly sentinel: Sentinel | undefined;
  readonly markerTopic: string | undefined;
  readonly tests: ConnectTests | undefined;
  readonly probes: SessionProbes;
  /** Undefined until the capabilities that it depends on are known. */
  readonly replay: () => Replay | undefined;
}

export class SessionPackets {
  readonly #deps: SessionPacketsDeps;
  readonly #early: EarlyMessages;
  #isReplaying = true;

  constructor(deps: SessionPacketsDeps) {
    this.#deps = deps;
    this.#early = new EarlyMessages(deps.ingress);
  }

  /** Takes the messages of a persistent session, which the broker delivers before mqttrep subscribes. */
  readonly beforeSubscribing = (packet: ReceivedMessage, done: () => void): void => {
    if (!this.#takesItself(packet)) this.#early.add(packet);
    done();
  };

  /** Takes each message once the session has started. */
  readonly subscribed = (packet: ReceivedMessage, done: () => void): void => {
    const { presence, sentinelVisibility, probes, ingress, inbound, heartbeat } = this.#deps;
    const isControl = packet.topic.startsWith(inbound.controlPrefix);
    if (isControl && heartbeat.observe(packet)) {
      done();
      return;
    }
    if (isControl) presence?.observe(packet);
    if (packet.retain) sentinelVisibility.showedRetained();
    // What is for mqttrep itself is under control topics. The replay watches all messages until its end.
    const isTaken = (isControl || this.#isReplaying) && this.#takesItself(packet);
    if (isTaken || probes.current.observe(packet)) done();
    else ingress.take(packet, done);
  };

  /** The broker has shown all that it retains. */
  replayed(): void {
    this.#isReplaying = false;
  }

  /** Hands the messages that came before the session started to the ingress. */
  releaseEarly(): void {
    this.#early.release();
  }

  setIngressMode(phase: 'replay' | 'live'): void {
    const { connection, ingress, capabilities } = this.#deps;
    const { protocolVersion } = connection;
    ingress.mode = {
      hasProperties: protocolVersion === 5,
      isReplay: phase === 'replay',
      retainFlag: retainFlagReader(capabilities.current, protocolVersion, phase),
    };
  }

  /** If live messages lose the retain flag, a message with the flag is replayed. */
  isReplayed({ topic, retain }: ReceivedMessage): boolean {
    const { connection, capabilities, inbound } = this.#deps;
    const isDropped = liveFlagOf(capabilities.current, connection.protocolVersion) === 'dropped';
    return retain && isDropped && isReplicable(topic, inbound.controlPrefix);
  }

  /** Whether the message is for mqttrep itself: for a capability test, the marker, or the sentinel. */
  #takesItself(packet: ReceivedMessage): boolean {
    const { tests, sentinel, markerTopic } = this.#deps;
    const replay = this.#deps.replay();
    // Messages of the capability tests are signs of a replay too.
    replay?.touch(packet);
    if (tests?.observe(packet) === true) return true;
    if (replay !== undefined) return replay.observe(packet);
    return packet.topic === markerTopic || sentinel?.observe(packet) === true;
  }
}
