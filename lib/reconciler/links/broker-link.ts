/**
 * All that the reconciler keeps of one broker besides the topics: the session, the flow of publications, the probes, what the
 * broker does not take, and what it may come back with.
 */

import type { FromBroker, Port, ToBroker } from '../../protocol/messages.ts';
import type { DeletionBound } from '../../protocol/settings.ts';
import { AntiEntropy } from '../probing/anti-entropy.ts';
import { BrokerProbes } from '../probing/broker-probes.ts';
import { ComparisonRecord } from '../probing/comparison-record.ts';
import { DeletionGuard } from '../probing/deletion-guard.ts';
import { UnverifiedTopics } from '../probing/unverified-topics.ts';
import { AcceptanceDigests } from './acceptance-digests.ts';
import { BlockedTopics } from './blocked-topics.ts';
import { BrokerCounters } from './broker-counters.ts';
import { BrokerSession } from './broker-session.ts';
import { InboundCredit } from './inbound-credit.ts';
import { MarkedState } from './marked-state.ts';
import type { Marker } from './marker.ts';
import { PublishFlow } from './publish-flow.ts';
import { ReplayGap } from './replay-gap.ts';
import { WorkerPort } from './worker-port.ts';

/** What can change while the process runs. */
export interface LinkSettings {
  /** At first contact the broker of the larger rank wins. */
  readonly rank: number;
  /** Seconds in which anti-entropy scans every topic. */
  readonly scanPeriod: number;
  readonly deletionGuard: DeletionBound;
}

export interface LinkOptions extends LinkSettings {
  readonly index: number;
  readonly name: string;
  /** The topic of the marker; undefined where mqttrep may write no control topic. */
  readonly markerTopic: string | undefined;
  /** The secret of the store: it keys the marker. */
  readonly secret: string;
  /** The client id of the worker's connection, unless one is configured. */
  readonly clientId: string;
  /** Told of each topic whose deletion is held, or is held no longer. */
  readonly deletionHeld?: (topic: string) => void;
}

/** What the store knows of the broker. */
export interface LinkRecord {
  /** The number of the marker, if one was acknowledged. */
  readonly marker: number | undefined;
  /** What the broker held at this commit and since is known. */
  readonly historySince: number;
  readonly isKnown: boolean;
  readonly clientId: string | undefined;
  readonly areDeletionsHeld: boolean;
}

export class BrokerLink {
  readonly index: number;
  readonly name: string;
  readonly markerTopic: string | undefined;
  readonly worker = new WorkerPort();
  readonly session: BrokerSession;
  readonly flow = new PublishFlow();
  readonly inboundCredit = new InboundCredit();
  readonly blockedTopics = new BlockedTopics();
  readonly digests = new AcceptanceDigests();
  readonly counters = new BrokerCounters();
  /** The state that the broker may come back with. */
  readonly state: MarkedState;
  readonly gap = new ReplayGap();
  readonly probes = new BrokerProbes();
  readonly unverified = new UnverifiedTopics();
  readonly comparison = new ComparisonRecord();
  readonly guard: DeletionGuard;
  readonly antiEntropy: AntiEntropy;
  #rank: number;
  #clientId: string;
  #isRemoved = false;
  /** The worker waits for the last publications of the session. */
  #isStopping = false;

  constructor(options: LinkOptions) {
    const { index, name, rank, scanPeriod, markerTopic, secret, clientId, deletionGuard } = options;
    this.index = index;
    this.name = name;
    this.markerTopic = markerTopic;
    this.state = new MarkedState(secret, markerTopic);
    this.session = new BrokerSession(index, this.state);
    this.antiEntropy = new AntiEntropy(scanPeriod);
    this.guard = new DeletionGuard(deletionGuard, options.deletionHeld);
    this.#rank = rank;
    this.#clientId = clientId;
  }

  /** At first contact the broker of the larger rank wins. */
  get rank(): number {
    return this.#rank;
  }

  /** The client id of the worker's connection, unless one is configured. */
  get clientId(): string {
    return this.#clientId;
  }

  /** The broker is no longer configured; its index stays vacant. */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  get marker(): Marker {
    return this.state.marker;
  }

  /** A marker is left at this broker. */
  get isMarked(): boolean {
    return this.markerTopic !== undefined && this.session.retains && this.session.writes;
  }

  /** The broker is configured, with these settings from now on. */
  configure({ rank, scanPeriod, deletionGuard }: LinkSettings): void {
    this.#isRemoved = false;
    this.#rank = rank;
    this.antiEntropy.configure(scanPeriod);
    this.guard.configure(deletionGuard);
  }

  /**
   * The broker is no longer configured.
   * @param clientId for another broker that gets its name
   */
  remove(clientId: string): void {
    this.#isRemoved = true;
    this.#clientId = clientId;
  }

  /** Takes what the store knows of the broker. */
  recall({ marker, historySince, isKnown, clientId, areDeletionsHeld }: LinkRecord): void {
    this.state.recall(marker, historySince);
    if (isKnown) this.session.recallKnown();
    this.#clientId = clientId ?? this.#clientId;
    // At the broker's return these topics are found absent again. They may be few by then, and are held all the same.
    if (areDeletionsHeld) this.guard.recallClosed();
  }

  /** Takes the port to the broker's worker, in place of an earlier one. */
  attach(port: Port<ToBroker, FromBroker>, receive: (message: FromBroker) => void): void {
    this.inboundCredit.reset();
    this.worker.attach(port, receive);
  }

  /** The replay is over. Returns the topics that it has shown, where there is something to compare them with. */
  replayEnded(stamps: boolean): ReadonlySet<string> | undefined {
    this.antiEntropy.replayEnded(this.session.messages);
    return this.session.replayEnded(stamps);
  }

  /** The worker is about to disconnect: what was gathered is sent to it, and then nothing more in this session. */
  stopPublishing(): void {
    this.session.stopPublishing();
    this.#isStopping = true;
  }

  /** The connection is gone. Returns the topics whose probes will not be answered. */
  disconnected(): string[] {
    this.session.disconnected();
    this.flow.reset();
    this.antiEntropy.disconnected();
    this.comparison.disconnected();
    this.gap.disconnected();
    this.unverified.disconnected();
    return this.probes.disconnected();
  }

  /** The topic was shown or written, so nothing follows from its absence before. */
  forgetAbsence(topic: string): void {
    this.probes.round.forgetAbsence(topic);
    this.unverified.resolve(topic);
    if (this.guard.size > 0) this.guard.release(topic);
  }

  /** Forgets what the broker held a moment ago, as soon as a state of that time cannot come back. */
  pruneHistory(uptime: number): void {
    // While the broker is away, its state does not age. Topics that are probed at its return are still compared with it.
    if (this.session.isReady && !this.probes.areOpen) this.state.history.prune(uptime);
  }

  /** Probes wait to be sent. */
  get hasProbes(): boolean {
    return this.session.isReady && this.probes.areUnsent;
  }

  /** Takes out the publications and probes gathered so far. The result sends them, if the session is still the same. */
  seal(): () => void {
    const { number } = this.session;
    const batches = this.flow.takeBatches();
    const probes = this.session.isReady ? this.probes.takeUnsent() : undefined;
    const isStopping = this.#isStopping;
    this.#isStopping = false;
    return () => {
      for (const batch of batches) this.worker.publish(number, batch);
      if (probes !== undefined) this.worker.probe(number, probes);
      if (isStopping) this.worker.publishingStopped(number);
    };
  }

  /** Topics that wait for this broker, and publications that are not settled yet; none while the broker is away. */
  get unsettled(): number {
    return this.session.isReady ? this.flow.unsettled : 0;
  }

  /** Something here waits for time to pass. */
  get isWaiting(): boolean {
    return (
      this.flow.expectsEchoes ||
      this.blockedTopics.isWaiting ||
      this.digests.hasUnlogged ||
      this.probes.retries.isWaiting ||
      this.state.history.isWaiting
    );
  }
}
