/**
 * A session: from one comparison with the broker to the next. It lasts as long as one connection, or until the filters change.
 *
 * First the marker is read, which tells whether the broker kept its state. Then the broker replays what it retains. After that
 * messages go in and out until the session is closed.
 */

import type { ProbePriority } from '../core/events.ts';
import type { QoS } from '../core/policy.ts';
import type { FullScanRequest, SessionStarted } from '../protocol/messages.ts';
import { announcePresence } from './announce-presence.ts';
import { isFlagless, liveFlagOf, qosUpgradeOf } from './capabilities/broker-capabilities.ts';
import { ConnectTests } from './capabilities/connect-tests.ts';
import { Connection } from './connection/connection.ts';
import type { Grant } from './connection/filter-requests.ts';
import { grantedLess } from './connection/grants.ts';
import { sayGoodbye } from './goodbye.ts';
import type { MessageHandler } from './lane/handover.ts';
import type { Presence } from './presence.ts';
import { SentinelLostError } from './retained/end-of-replay.ts';
import { Replay } from './retained/replay.ts';
import type { Sentinel } from './retained/sentinel.ts';
import type { SessionDeps } from './session-deps.ts';
import { SessionPackets } from './session-packets.ts';
import { SessionProbes } from './session-probes.ts';

export class Session {
  readonly #deps: SessionDeps;
  readonly #retains: boolean;
  /** mqttrep may write control topics. */
  readonly #writes: boolean;
  /** Undefined where mqttrep may write no control topic, or the user configured a will. */
  readonly #presence: Presence | undefined;
  readonly #sentinel: Sentinel | undefined;
  readonly #markerTopic: string | undefined;
  /** Undefined where mqttrep may write no control topic. */
  readonly #tests: ConnectTests | undefined;
  readonly #probes: SessionProbes;
  readonly #packets: SessionPackets;
  /** Undefined until the capabilities that it depends on are known. */
  #replay: Replay | undefined;
  /** Called once the replay or the session is over. */
  #setReady: () => void = () => undefined;

  constructor(deps: SessionDeps) {
    const { connection, identity, capabilities } = deps;
    const { retains, acceptsControlTopics } = capabilities.current;
    this.#deps = deps;
    this.#retains = connection.limits.retains && retains;
    this.#writes = this.#retains && acceptsControlTopics && identity.control !== undefined;
    this.#presence = this.#writes ? identity.presence : undefined;
    this.#sentinel = this.#writes ? identity.sentinel('replay') : undefined;
    this.#markerTopic = identity.control?.of('marker');
    const testTopic = this.#writes ? identity.control?.of('replay') : undefined;
    this.#tests = testTopic === undefined ? undefined : new ConnectTests(connection, capabilities, testTopic);
    const ready = new Promise<void>(resolve => {
      this.#setReady = resolve;
    });
    this.#probes = new SessionProbes({ ...deps, retains: this.#retains, writes: this.#writes, ready });
    deps.second.beside(connection);
    this.#packets = new SessionPackets({
      ...deps,
      presence: this.#presence,
      sentinel: this.#sentinel,
      markerTopic: this.#markerTopic,
      tests: this.#tests,
      probes: this.#probes,
      replay: () => this.#replay,
    });
  }

  get number(): number {
    return this.#deps.number;
  }

  /**
   * Tests the capabilities, and reads what the broker retains of the marker.
   * @throws when the broker hangs up
   */
  async begin(): Promise<SessionStarted['marker']> {
    const { connection, former, capabilities, wanted } = this.#deps;
    const highestQos = Math.max(0, ...wanted.map(({ qos }) => qos)) as QoS;
    this.#receive(former === undefined ? this.#packets.beforeSubscribing : this.#packets.subscribed);
    if (this.#writes) capabilities.controlTopics.writing();
    await this.#sentinel?.place(connection);
    if (connection.hasEnded) throw new Error('the connection was closed when a control topic was written');
    await this.#tests?.run(highestQos);
    const replay = new Replay(connection, this.#sentinel, this.#markerTopic, capabilities.current);
    this.#replay = replay;
    const marker = await this.#untilEnd(replay.readMarker());
    capabilities.learn(replay.found);
    // The sentinel does not tell the order either.
    if (isFlagless(capabilities.current) && capabilities.current.replayOrder === undefined)
      capabilities.learn({ replayOrder: 'any' });
    if (this.#writes) capabilities.controlTopics.written();
    await this.#tests?.runQosUpgrade(highestQos);
    return marker;
  }

  /**
   * Subscribes. Resolves when the broker has shown what it retains.
   * @throws when the broker hangs up
   */
  async replay(marker: SessionStarted['marker']): Promise<void> {
    const { number, connection, wanted, ingress, capabilities, post } = this.#deps;
    const { protocolVersion } = connection;
    const stamps = protocolVersion === 5;
    const retains = this.#retains;
    const replay = this.#replay;
    if (replay === undefined) throw new Error('replay() comes after begin()');
    const upgrade = qosUpgradeOf(capabilities.current, protocolVersion);
    this.#openOutgoing();
    // The buffered messages belong to the former session.
    ingress.flush();
    post({
      kind: 'session-started',
      session: number,
      stamps,
      retainsMessages: retains,
      writesControlTopics: this.#writes,
      marker,
      ...(this.#deps.rate === undefined ? {} : { rate: this.#deps.rate }),
      ...(this.#deps.names === undefined ? {} : { names: this.#deps.names }),
    });
    this.#packets.setIngressMode('replay');
    this.#packets.releaseEarly();
    this.#receive(this.#packets.subscribed);
    this.#announceOrUnsubscribe();
    const granted = await this.#untilEnd(
      replay.run(wanted, upgrade, packet => this.#packets.isReplayed(packet)),
    );
    this.#packets.replayed();
    if (replay.end === 'complete') capabilities.learn({ lostSentinels: 0 });
    capabilities.learn(replay.found);
    this.#deps.brokerLog.refused(granted);
    // The buffered messages must arrive before `caught-up`.
    ingress.flush();
    this.#packets.setIngressMode('live');
    post({ kind: 'caught-up', stamps, isReplayIncomplete: replay.end === 'cut' });
    const upgraded = upgrade === 'with the second' ? await replay.upgradeQos(wanted) : granted;
    this.#setReady();
    const { identity, heartbeat, ownMessages } = this.#deps;
    if (!identity.isDryRun) ownMessages.announce(connection);
    heartbeat.begin(connection, this.#writes ? identity.control?.of('heartbeat') : undefined, wanted);
    this.#logOutcome(upgrade === 'not at all' ? undefined : upgraded);
  }

  /** Asks the broker what it retains under these topics. */
  probe(topics: readonly string[], priority: ProbePriority): void {
    this.#probes.current.probe(topics, priority);
  }

  /** Queued probes of these topics are urgent from now on. */
  promote(topics: readonly string[]): void {
    this.#probes.current.promote(topics);
  }

  /** Finds out whether mqttrep may read beneath these parents. */
  proveReadable(parents: readonly string[]): void {
    this.#probes.current.proveReadable(parents);
  }

  async runFullScan(request: Pick<FullScanRequest, 'isReplayIncomplete' | 'parents'>): Promise<void> {
    await this.#probes.runFullScan(request);
  }

  /** Disconnects from the broker. */
  async stop(): Promise<void> {
    const { connection } = this.#deps;
    this.#setReady();
    await this.#probes.closeProber();
    const withdrawn = [this.#presence?.withdraw(connection), this.#deps.ownMessages.withdraw(connection)];
    await sayGoodbye(
      connection,
      Promise.all(withdrawn).then(() => undefined),
    );
  }

  /** Ends all probes and scans. */
  async close(): Promise<void> {
    this.#setReady();
    this.#deps.heartbeat.end();
    await this.#probes.close();
  }

  #openOutgoing(): void {
    const { connection, identity, protocolVersion, outgoing, capabilities, second } = this.#deps;
    const options = identity.sideConnectionOptions('quarantine', protocolVersion);
    outgoing.open({
      connection,
      stamps: identity.stamps,
      retains: this.#retains,
      maxQos: capabilities.current.maxQos,
      openSide: second.isPossible ? signal => Connection.open(options, signal) : undefined,
    });
  }

  /**
   * Announces presence on a new connection. On a connection that stands, it unsubscribes from filters that are no longer wanted.
   * The UNSUBSCRIBE goes out together with the SUBSCRIBE. So a topic that an old and a new filter match is neither missed nor
   * doubled.
   */
  #announceOrUnsubscribe(): void {
    const { connection, wanted, former, capabilities, brokerLog } = this.#deps;
    if (former === undefined && this.#presence !== undefined)
      announcePresence(this.#presence, connection, capabilities, brokerLog);
    const obsolete = former?.filter(({ filter }) => !wanted.some(one => one.filter === filter)) ?? [];
    if (obsolete.length > 0) void connection.unsubscribe(obsolete.map(({ filter }) => filter));
  }

  /** @param grants of the wanted QoS; undefined where the subscriptions stay at QoS 0 */
  #logOutcome(grants: readonly Grant[] | undefined): void {
    const { connection, wanted, outgoing, brokerLog, capabilities } = this.#deps;
    const less = grants === undefined ? [] : grantedLess(wanted, grants);
    if (isFlagless(capabilities.current)) brokerLog.setsNoRetainFlag();
    else if (grants === undefined) brokerLog.staysAtQos0();
    brokerLog.grantedLess(less);
    outgoing.grantedLess(connection, less);
    const isDropped = liveFlagOf(capabilities.current, connection.protocolVersion) === 'dropped';
    if (!this.#retains) brokerLog.retainsNothing();
    else if (connection.protocolVersion === 5 && isDropped) brokerLog.dropsRetainFlag();
  }

  #receive(receiver: MessageHandler): void {
    this.#deps.connection.receive(receiver, (_message, why) => this.#deps.ignored.count(why));
  }

  /** Counts lost sentinels, so that after some of them a session no longer waits for one. */
  async #untilEnd<Result>(replayed: Promise<Result>): Promise<Result> {
    try {
      return await replayed;
    } catch (error) {
      const { capabilities } = this.#deps;
      if (error instanceof SentinelLostError)
        capabilities.learn({ lostSentinels: capabilities.current.lostSentinels + 1 });
      throw error;
    }
  }
}
