/**
 * A session: from one comparison with the broker to the next, as long as one connection, or until the filters
 * change.
 *
 * First the marker is read, which tells what the rest is worth; then the broker replays what it retains; then
 * messages go in and out until the session is closed.
 */

import type { IPublishPacket } from 'mqtt';
import type { ProbePriority } from '../core/events.ts';
import { isReplicable } from '../core/filter.ts';
import type { QoS } from '../core/policy.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type {
  FromBroker,
  FullScanRequest,
  FullScanResult,
  ProbeAnswer,
  SessionStarted,
} from '../protocol/messages.ts';
import type { BrokerLog } from './broker-log.ts';
import type { BrokerCapabilities } from './capabilities/known-capabilities.ts';
import type { LiveFlag } from './capabilities/live-flag-test.ts';
import type { ReplayOrder } from './capabilities/replay-order-test.ts';
import { Connection } from './connection/connection.ts';
import { grantedInPlaceOf, grantedLess } from './connection/grants.ts';
import type { ProtocolVersion } from './connection/negotiation.ts';
import type { SecondConnection } from './capabilities/second-connection.ts';
import type { Identity } from './identity.ts';
import { EarlyMessages } from './incoming/early-messages.ts';
import type { Ingress, IngressDeps } from './incoming/ingress.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import type { Presence } from './presence.ts';
import { FullScan } from './retained/full-scan.ts';
import { MainProbes } from './retained/main-probes.ts';
import { Prober, unknownAt } from './retained/prober.ts';
import { ReadProof } from './retained/read-proof.ts';
import { type QosUpgrade, Replay, SentinelLostError } from './retained/replay.ts';
import type { SentinelVisibility } from './capabilities/sentinel-visibility.ts';

/** A replay that does not come to its end so many times in a row ends with quiet from then on. */
const MAX_LOST_SENTINELS = 2;

export interface SessionDeps {
  readonly number: number;
  readonly connection: Connection;
  readonly identity: Identity;
  /** Of connections beside this one. */
  readonly protocolVersion: ProtocolVersion;
  readonly wanted: readonly Subscription[];
  /** Subscribed to so far on this connection; undefined on a new one. */
  readonly former: readonly Subscription[] | undefined;
  readonly intake: Ingress;
  /** What an intake beside that one is to know. */
  readonly inbound: Pick<IngressDeps, 'stamps' | 'controlPrefix' | 'bounds'>;
  readonly outgoing: Outgoing;
  readonly capabilities: BrokerCapabilities;
  readonly second: SecondConnection;
  readonly sentinelVisibility: SentinelVisibility;
  readonly brokerLog: BrokerLog;
  /** To the reconciler. */
  readonly post: (message: FromBroker, transfer?: readonly ArrayBuffer[]) => void;
}

export class Session {
  readonly #deps: SessionDeps;
  readonly #retains: boolean;
  /** Messages of mqttrep's own may be written. */
  readonly #writes: boolean;
  /** None where mqttrep may write no control topic, or the user's will stands in its place. */
  readonly #presence: Presence | undefined;
  readonly #replay: Replay;
  /** None where nothing is retained, and in a dry run. */
  readonly #prober: Prober | undefined;
  readonly #early: EarlyMessages;
  #fullScan: FullScan | undefined;
  #isOver = false;
  /** Told once all of the replay is over, or the session. */
  #setReady: () => void = () => undefined;
  readonly #ready = new Promise<void>(resolve => {
    this.#setReady = resolve;
  });

  constructor(deps: SessionDeps) {
    const { connection, identity, capabilities } = deps;
    this.#deps = deps;
    this.#retains = connection.limits.retains && capabilities.retains;
    // Some brokers hang up on whoever writes what he may not, or anything retained.
    this.#writes = this.#retains && capabilities.writes && identity.control !== undefined;
    this.#presence = this.#writes ? identity.presence : undefined;
    const sentinel = this.#writes ? identity.sentinel('replay') : undefined;
    const { order, flags } = capabilities;
    const isLost = capabilities.lostSentinels >= MAX_LOST_SENTINELS;
    this.#replay = new Replay(connection, sentinel, identity.control?.of('marker'), order, flags, isLost);
    this.#prober = this.#retains && !identity.isDryRun ? this.#newProber() : undefined;
    deps.second.beside(connection);
    this.#early = new EarlyMessages(deps.intake);
  }

  get number(): number {
    return this.#deps.number;
  }

  /**
   * Reads what the broker retains of the marker.
   * @throws when the broker hangs up
   */
  async begin(): Promise<SessionStarted['marker']> {
    const { connection, identity, wanted, former, capabilities } = this.#deps;
    connection.receive(former === undefined ? this.#first : this.#live);
    if (this.#writes) capabilities.writing();
    await this.#replay.begin();
    const control = this.#writes ? identity.control?.of('replay') : undefined;
    if (control !== undefined) await this.#learn(control);
    const marker = await this.#toItsEnd(this.#replay.readMarker());
    capabilities.flags = this.#replay.flags;
    // Nothing tells then what is shown of the trial either.
    if (this.#isFlagless) capabilities.order ??= 'any';
    if (this.#writes) capabilities.written();
    if (control !== undefined && wanted.some(({ qos }) => qos > 0) && !this.#isFlagless)
      capabilities.raising ??= await this.#replay.learnRaising(`${control}/twice`);
    return marker;
  }

  /** At once, so that it takes no longer than the longest. */
  async #learn(control: string): Promise<void> {
    const { connection, capabilities, wanted } = this.#deps;
    const highest = Math.max(0, ...wanted.map(({ qos }) => qos)) as QoS;
    const mqtt5 = connection.protocolVersion === 5;
    const learnLiveFlag = (qos: 0 | 1) => this.#replay.learnLiveFlag(`${control}/live`, qos);
    const [order, liveFlag, liveFlagOfQos0, maxQos] = await Promise.all([
      capabilities.order ?? this.#replay.learnOrder(`${control}/order`),
      capabilities.liveFlag ?? (mqtt5 ? learnLiveFlag(1) : undefined),
      capabilities.liveFlagOfQos0 ?? (mqtt5 ? undefined : learnLiveFlag(0)),
      capabilities.maxQos ??
        (mqtt5 || highest === 0 ? undefined : grantedInPlaceOf(highest, connection, `${control}/qos`)),
    ]);
    capabilities.order = order;
    capabilities.liveFlag = liveFlag;
    capabilities.liveFlagOfQos0 = liveFlagOfQos0;
    capabilities.maxQos = maxQos;
  }

  /** Where it could not be tried, MQTT 5 is believed. */
  get #liveFlag(): LiveFlag {
    const { connection, capabilities } = this.#deps;
    return connection.protocolVersion < 5 ? 'dropped' : (capabilities.liveFlag ?? 'as published');
  }

  /** Over MQTT 3.1.1, live messages of QoS 0 bear the retain flag that they were published with. */
  get #flagsLiveQos0(): boolean {
    const { connection, capabilities } = this.#deps;
    return connection.protocolVersion < 5 && capabilities.liveFlagOfQos0 === 'as published';
  }

  /**
   * Subscribes, and resolves when the broker has shown what it retains.
   * @throws when the broker hangs up
   */
  async replay(marker: SessionStarted['marker']): Promise<void> {
    const { number, connection, identity, wanted, former, intake, outgoing, brokerLog, post } = this.#deps;
    const raising = this.#raising;
    const mqtt5 = connection.protocolVersion === 5;
    const liveFlag = this.#liveFlag;
    const beside = identity.sideConnectionOptions('quarantine', this.#deps.protocolVersion);
    const openSide = this.#deps.second.isPossible
      ? (signal: AbortSignal) => Connection.open(beside, signal)
      : undefined;
    outgoing.open(connection, identity.stamps, this.#retains, this.#deps.capabilities.maxQos, openSide);
    // On a connection that stands messages came all the time.
    intake.flush();
    post({
      kind: 'session',
      session: number,
      stamps: mqtt5,
      retains: this.#retains,
      writes: this.#writes,
      marker,
    });
    const flagsLiveQos0 = this.#flagsLiveQos0;
    intake.mode = { mqtt5, liveFlag, flagsLiveQos0, replaying: true, flags: this.#replay.flags };
    this.#early.release();
    connection.receive(this.#live);
    if (former === undefined) this.#announce();
    const obsolete = former?.filter(({ filter }) => !wanted.some(one => one.filter === filter)) ?? [];
    // In one go with the SUBSCRIBE: what is subscribed to by another filter from now on is neither missed nor doubled.
    if (obsolete.length > 0) void connection.unsubscribe(obsolete.map(({ filter }) => filter));
    const granted = await this.#toItsEnd(
      this.#replay.run(wanted, raising, packet => this.#isReplayed(packet)),
    );
    if (this.#replay.end === 'complete') this.#deps.capabilities.lostSentinels = 0;
    if (this.#replay.order === 'any') this.#deps.capabilities.order &&= 'any';
    this.#deps.capabilities.flags = this.#replay.flags;
    brokerLog.refused(granted);
    // A message that is still packed must not be overtaken.
    intake.flush();
    intake.mode = { mqtt5, liveFlag, flagsLiveQos0, replaying: false };
    post({ kind: 'replayed', stamps: mqtt5, isCut: this.#replay.end === 'cut' });
    const raised = raising === 'with the second' ? await this.#replay.raise(wanted) : granted;
    const less = raising === 'not at all' ? [] : grantedLess(wanted, raised);
    this.#setReady();
    if (this.#isFlagless) brokerLog.setsNoRetainFlag();
    else if (raising === 'not at all') brokerLog.staysAtQos0();
    brokerLog.grantedLess(less);
    outgoing.grantedLess(connection, less);
    if (!this.#retains) brokerLog.retainsNothing();
    else if (mqtt5 && liveFlag === 'dropped') brokerLog.dropsRetainFlag();
  }

  /** Takes down where a replay does not come to an end, so that the next session waits for none in the end. */
  async #toItsEnd<T>(replayed: Promise<T>): Promise<T> {
    try {
      return await replayed;
    } catch (error) {
      if (error instanceof SentinelLostError) this.#deps.capabilities.lostSentinels++;
      throw error;
    }
  }

  /** Other replicators may go unnoticed. Nothing else depends on it, so that its failure is not one of the session. */
  #announce(): void {
    const { connection, capabilities, brokerLog } = this.#deps;
    if (this.#presence === undefined) return;
    const how = capabilities.noticesOthers ? 'and listen' : 'only';
    if (how === 'and listen') capabilities.listening();
    this.#presence
      .announce(connection, how)
      .then(answer => {
        if (answer === 'answered' && how === 'and listen') capabilities.listens();
        else if (!capabilities.noticesOthers) brokerLog.doesNotNoticeOthers();
      })
      .catch((error: Error) =>
        brokerLog.say('warn', `our presence could not be announced: ${error.message}`),
      );
  }

  /** Nothing else bears the flag where live messages lose it. */
  #isReplayed({ topic, retain }: IPublishPacket): boolean {
    return retain && this.#liveFlag === 'dropped' && isReplicable(topic, this.#deps.inbound.controlPrefix);
  }

  /** Asks the broker what it retains under these topics. */
  probe(topics: readonly string[], priority: ProbePriority): void {
    if (this.#prober === undefined || this.#isFlagless)
      this.#deps.post({ kind: 'found', answers: topics.map(unknownAt) });
    else this.#prober.probe(topics, priority);
  }

  /** Something waits for what the broker retains under these topics, for which it is to be asked already. */
  promote(topics: readonly string[]): void {
    this.#prober?.promote(topics);
  }

  /** Finds out whether we can read beneath these parents. */
  proveReadable(parents: readonly string[]): void {
    if (this.#prober === undefined || !this.#writes || this.#isFlagless)
      this.#deps.post({ kind: 'read-access', proven: [], unproven: parents });
    else this.#prober.proveReadable(parents);
  }

  /**
   * Where no sentinel may be written, the end of what is shown could not be told from a pause; without a flag what is
   * shown from what passes. On the connection that replicates it would be taken for live.
   */
  async runFullScan({ isCut, parents }: Pick<FullScanRequest, 'isCut' | 'parents'>): Promise<void> {
    const { identity, protocolVersion, wanted, inbound, second, post } = this.#deps;
    const isPossible = this.#writes && !this.#isFlagless && second.isPossible;
    const sentinel = isPossible ? identity.sentinel('full-scan') : undefined;
    let scan: FullScanResult = { end: 'not possible', reads: 0, unread: [], dropped: 0 };
    if (sentinel !== undefined && this.#fullScan === undefined) {
      this.#fullScan = new FullScan({
        options: identity.sideConnectionOptions('full-scan', protocolVersion),
        open: (options, signal) => second.open(options, signal),
        sentinel,
        order: this.#order,
        flags: this.#isSentinelShown ? 'set' : undefined,
        isCut,
        parents,
        subscriptions: wanted,
        intake: inbound,
        show: batch => {
          if (!this.#isOver) post({ kind: 'scanned', batch }, [batch]);
        },
      });
      scan = await this.#fullScan.run();
      this.#fullScan = undefined;
    }
    if (!this.#isOver) post({ kind: 'full-scan-ended', ...scan });
  }

  /** Says goodbye to the broker. */
  async stop(): Promise<void> {
    const { connection } = this.#deps;
    this.#setReady();
    await this.#prober?.close();
    await this.#presence?.withdraw(connection);
    await connection.end();
  }

  /** Asks and shows no more. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#setReady();
    this.#fullScan?.close();
    await this.#prober?.close();
  }

  /** What the broker shows does not tell whether it retains it: nothing can be asked of it. */
  get #isFlagless(): boolean {
    return this.#deps.capabilities.flags === 'never set';
  }

  /** The broker shows a sentinel in the end, so that it is worth waiting for. */
  get #isSentinelShown(): boolean {
    const { flags, lostSentinels } = this.#deps.capabilities;
    return flags === 'set' && lostSentinels < MAX_LOST_SENTINELS;
  }

  get #raising(): QosUpgrade {
    if (this.#isFlagless) return 'not at all';
    const raising = this.#deps.capabilities.raising ?? 'with the second';
    // What a second SUBSCRIBE replays could not be told from what is live.
    return raising === 'with the second' && this.#flagsLiveQos0 ? 'with the first' : raising;
  }

  /** Until it is known the worse is presumed. */
  get #order(): ReplayOrder {
    return this.#deps.capabilities.order ?? 'any';
  }

  readonly #live = (packet: IPublishPacket, done: () => void): void => {
    this.#presence?.observe(packet);
    if (packet.retain) this.#deps.sentinelVisibility.showedRetained();
    if (this.#replay.observe(packet) || this.#prober?.observe(packet) === true) done();
    else this.#deps.intake.take(packet, done);
  };

  /** Of a persistent session, which delivers before we have subscribed. */
  readonly #first = (packet: IPublishPacket, done: () => void): void => {
    if (!this.#replay.observe(packet)) this.#early.add(packet);
    done();
  };

  #newProber(): Prober {
    const { identity, protocolVersion, second, sentinelVisibility, intake, post } = this.#deps;
    const fence = this.#writes ? identity.control?.of('probe') : undefined;
    return new Prober({
      options: identity.sideConnectionOptions('probe', protocolVersion),
      open: options => second.open(options),
      main: this.#newMainProbes(),
      sentinel: this.#writes ? identity.sentinel('probe') : undefined,
      visibility: sentinelVisibility,
      stamps: identity.stamps,
      proof: fence === undefined ? undefined : { by: new ReadProof(`${fence}/fence`), tell: post },
      order: () => this.#order,
      outOfOrder: () => {
        this.#deps.capabilities.order = 'any';
      },
      answer: answers => {
        // What came before the answer must not be taken for news after it.
        intake.flush();
        post({ kind: 'found', answers: this.#liveFlag === 'dropped' ? answers.map(undated) : answers });
      },
    });
  }

  #newMainProbes(): MainProbes {
    const { connection, second, wanted } = this.#deps;
    return new MainProbes({
      connection,
      areUsed: () => !second.isPossible,
      ready: this.#ready,
      subscriptions: () =>
        this.#raising === 'not at all' ? wanted.map(({ filter }) => ({ filter, qos: 0 })) : wanted,
      isLiveUnflagged: () => this.#liveFlag === 'dropped',
    });
  }
}

/**
 * What passed and was presumed to be retained must not win over what is: that is found, and dated when it is, though it
 * may be a copy that we made long ago.
 */
function undated({ topic, found }: ProbeAnswer): ProbeAnswer {
  return { topic, found: typeof found === 'object' ? { ...found, stamp: undefined } : found };
}
