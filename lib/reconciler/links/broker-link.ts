/**
 * The reconciler's end of the way to one broker: what may be sent there, what waits, what is awaited back.
 *
 * Never more than CREDIT publications, or about CREDIT_BYTES, are on the way to the worker; the
 * topics beyond wait here by name, and their newest value is sent when their turn comes. So a slow broker
 * costs memory for topics, not for messages.
 */

import type { ProbePriority, ReturnState } from '../../core/events.ts';
import { LogDigest } from '../../core/log-digest.ts';
import { LogThrottle } from '../../core/log-throttle.ts';
import { has, type Policies } from '../../core/policy.ts';
import type { Version } from '../../core/version.ts';
import { BatchWriter } from '../../protocol/batch.ts';
import type {
  DeletionBound,
  FromBroker,
  Port,
  PublishResults,
  SessionStarted,
  ToBroker,
} from '../../protocol/messages.ts';
import { type Publication, publicationBytes, writePublication } from '../../protocol/publication.ts';
import { AntiEntropy } from '../probing/anti-entropy.ts';
import { DeletionGuard } from '../probing/deletion-guard.ts';
import { ProbeQueue } from '../probing/probe-queue.ts';
import { ProbeRetries } from '../probing/probe-retries.ts';
import { ScanRound } from '../probing/scan-round.ts';
import { BlockedTopics } from './blocked-topics.ts';
import { EchoTimeouts } from './echo-timeouts.ts';
import type { Shown } from './held-history.ts';
import { MarkedState } from './marked-state.ts';
import type { Marker } from './marker.ts';
import { ReplayGap } from './replay-gap.ts';
import type { Self } from './store-metadata.ts';

export const CREDIT = 1_000;
export const CREDIT_BYTES = 16 * 1024 * 1024;

/** Topics in one `probe` message, or one `hasten` message. */
const PROBE_BATCH = 500;

/** What bounds hold back here: publishes under way to the broker, and those of one topic. */
export type Bound = 'pending' | 'pending_of_topic';

/** What is said of topics that it does not take. */
export type DigestKind = 'not taken' | 'taken';

export interface LinkOptions {
  readonly index: number;
  readonly name: string;
  /** At first contact the larger wins. */
  readonly rank: number;
  /** Seconds in which anti-entropy looks at every topic. */
  readonly scanPeriod: number;
  /** Where the marker is left; undefined when mqttrep may write no control topic. */
  readonly markerTopic: string | undefined;
  /** Of the store: it keys the marker. */
  readonly secret: string;
  /** Under which its worker connects, unless one is configured. */
  readonly clientId: string;
  readonly deletionGuard: DeletionBound;
}

export class BrokerLink {
  readonly index: number;
  readonly name: string;
  /** At first contact the larger wins. */
  rank: number;
  readonly markerTopic: string | undefined;
  /** Under which its worker connects, unless one is configured. */
  clientId: string;
  readonly blockedTopics = new BlockedTopics();
  /** Of what it does not take, and takes again. */
  readonly digests: Readonly<Record<DigestKind, LogDigest>> = {
    'not taken': new LogDigest(),
    taken: new LogDigest(),
  };
  readonly guard: DeletionGuard;
  readonly scanRound = new ScanRound();
  readonly probeRetries = new ProbeRetries();
  readonly antiEntropy: AntiEntropy;
  readonly gap = new ReplayGap();

  /** The broker keeps retained messages. If not, it is neither asked what it retains nor given a marker. */
  retains = true;
  /** mqttrep may write topics of its own there. */
  writes = true;
  /** Connected, and its replay is over: it can be published to. */
  ready = false;
  /** No longer configured; its index stays vacant. */
  isRemoved = false;
  /** What held before the filters were changed, until the broker has shown what is subscribed to since. */
  former: Policies | undefined;
  stamps = false;
  /** Topics with something to be looked at for this broker, in the order in which they came up. */
  readonly due = new Set<string>();
  /** It has shown all that it retains, in this life or, as the store says, in an earlier one. */
  known = false;
  /** What the current session can be compared with. */
  returnState: ReturnState = 'first contact';
  /**
   * Topics that a client may have deleted there without being heard: it was away, could not be read, or dropped messages
   * in a burst; until it is found what it retains.
   */
  unheard = new Set<string>();
  /** The topics that the current replay has shown, where there is something to compare them with. */
  replayed: Set<string> | undefined;
  /** Topics of which something was under way when the connection before this one ended, until they are found. */
  cutOff = new Set<string>();
  /** Messages received in this session. */
  messages = 0;
  /** What it may come back with. */
  readonly state: MarkedState;
  /** How often this broker has been ready. */
  sessionsCompleted = 0;
  /** Messages that met another write at the broker: their topics are looked at. */
  racedWrites = 0;
  /** Topics that it held no more, and that were given to it again: that a client deleted them was not proven. */
  vanished = 0;
  /** Topics that it did not show when last asked, without proof that we can read there: they stay what they are believed to be. */
  readonly unreadable = new Set<string>();
  /** How often each bound was met. */
  readonly heldBack: Record<Bound, number> = { pending: 0, pending_of_topic: 0 };

  /** Messages for which there was no room, by the bound. */
  readonly refused: Record<string, number> = {};

  #port: Port<ToBroker, FromBroker> | undefined;
  #session = 0;
  #sent = 0;
  #through = 0;
  #bytes = 0;
  /** The credit was used up, and not half of it has been given back: what is sent then goes in few batches. */
  #exhausted = false;
  readonly #writer = new BatchWriter();
  readonly #echoes = new EchoTimeouts();
  /** Topics of which a publication waits in quarantine, and has not been sent yet. */
  readonly #quarantined = new Set<string>();
  readonly #probes = new ProbeQueue();
  readonly #throttle = new LogThrottle<Bound>();

  constructor(options: LinkOptions) {
    const { index, name, rank, scanPeriod, markerTopic, secret, clientId, deletionGuard } = options;
    this.index = index;
    this.name = name;
    this.rank = rank;
    this.markerTopic = markerTopic;
    this.state = new MarkedState(secret, markerTopic);
    this.clientId = clientId;
    this.antiEntropy = new AntiEntropy(scanPeriod);
    this.guard = new DeletionGuard(deletionGuard);
  }

  attach(port: Port<ToBroker, FromBroker>, receive: (message: FromBroker) => void): void {
    this.#port?.close();
    this.#port = port;
    port.on('message', receive);
  }

  close(): void {
    this.#port?.close();
    this.#port = undefined;
  }

  /** @param closed the last commit before */
  sessionStarted({ session, stamps, retains, writes, marker }: SessionStarted, closed: number): void {
    this.#session = session;
    this.#sent = 0;
    this.#through = 0;
    this.#bytes = 0;
    this.#exhausted = false;
    this.#quarantined.clear();
    this.messages = 0;
    this.stamps = stamps;
    this.retains = retains;
    this.writes = writes;
    this.state.begun();
    if (!retains) this.returnState = 'no retention';
    else this.returnState = this.known ? this.state.returned(marker, closed) : 'first contact';
    this.replayed = this.#session > 1 || this.known ? new Set() : undefined;
  }

  /** What the topic can be compared with: what is subscribed to only since the filters were changed, with nothing. */
  returnStateOf(topic: string, shown: Shown): ReturnState {
    if (this.former !== undefined && !has(this.former.of(topic).echo, this.index)) return 'first contact';
    return this.state.wentBack(topic, shown) ? 'rolled back' : this.returnState;
  }

  /** It has shown all that it retains. Returns the topics, where there is something to compare them with. */
  replayEnded(stamps: boolean): ReadonlySet<string> | undefined {
    const { replayed } = this;
    this.ready = true;
    this.known = true;
    this.stamps = stamps;
    this.sessionsCompleted++;
    this.former = undefined;
    this.replayed = undefined;
    this.antiEntropy.replayed(this.messages);
    return replayed;
  }

  /** The connection is gone. Returns the topics whose probes will not be answered. */
  parted(): string[] {
    this.ready = false;
    this.antiEntropy.parted();
    this.gap.parted();
    this.probeRetries.clear();
    this.unheard.clear();
    this.marker.parted();
    this.due.clear();
    this.#echoes.clear();
    this.#quarantined.clear();
    this.#writer.take();
    return [...this.scanRound.abort(), ...this.#probes.parted()];
  }

  /** Whether one more publication may be sent now. */
  get open(): boolean {
    return this.ready && !this.#exhausted;
  }

  /** Publications, or topics, that are not settled yet. */
  get busy(): boolean {
    return this.unconfirmed > 0;
  }

  /** How many that are. */
  get unconfirmed(): number {
    return this.ready ? this.due.size + this.#sent - this.#through + this.#quarantined.size : 0;
  }

  /** Publications that have not been seen back, newest of each topic only; where no echo is to come, not acknowledged. */
  get pending(): number {
    return this.ready ? Math.max(this.#echoes.size, this.#sent - this.#through) : 0;
  }

  get marker(): Marker {
    return this.state.marker;
  }

  /** What it held a moment ago matters no longer than a state of that time may come back. */
  pruneHistory(uptime: number): void {
    // While the broker is away its state does not get older. What was asked at its return is still to be compared with that.
    if (this.ready && !this.#probes.areOpen) this.state.history.prune(uptime);
  }

  /** A marker is left at this broker. */
  get isMarked(): boolean {
    return this.markerTopic !== undefined && this.retains && this.writes;
  }

  /** Has the worker connect as this replica. */
  start({ replica, secret }: Pick<Self, 'replica' | 'secret'>): void {
    this.#post({ kind: 'start', replica, secret, clientId: this.clientId });
  }

  publish(publication: Publication): void {
    writePublication(this.#writer, publication);
    this.#sent++;
    this.#bytes += publicationBytes(publication);
    if (!this.#exhausted && this.#uses(1)) {
      this.#exhausted = true;
      this.heldBack.pending++;
    }
    if (!publication.confirm) this.#echoes.published(publication.topic, this.#sent);
  }

  /** Whether it is to be said that a bound was met: now and then, however often it is. */
  isWorthSaying(bound: Bound, uptime: number): boolean {
    return this.#throttle.isDue(bound, uptime);
  }

  /** Asks the broker what it retains under a topic from now on. */
  probe(topic: string, priority: ProbePriority): void {
    this.#probes.ask(topic, priority);
  }

  /** Something waits for the answer under this topic: if it is a look, it is one no more. */
  promoteProbe(topic: string): void {
    this.#probes.promote(topic);
  }

  /** Takes note of an answer; returns whether it counts. */
  answered(topic: string): boolean {
    return this.#probes.answered(topic);
  }

  /** The topic was shown, or written anew: no suspicion is left that it was deleted there. */
  seen(topic: string): void {
    this.scanRound.seen(topic);
    if (this.unheard.size > 0) this.unheard.delete(topic);
    if (this.guard.size > 0) this.guard.release(topic);
    if (this.unreadable.size > 0) this.unreadable.delete(topic);
  }

  /** Finds out whether we can read beneath these parents at the broker. */
  proveReadable(parents: readonly string[]): void {
    this.#post({ kind: 'check-read-access', session: this.#session, parents });
  }

  /**
   * Has the broker show once more all that it retains.
   * @param isCut its replay was cut, and the rest has not been read
   * @param parents of topics that it may retain
   */
  startFullScan(isCut: boolean, parents: readonly string[]): void {
    this.#post({ kind: 'full-scan', session: this.#session, isCut, parents });
  }

  /** Whether there are probes to be sent. */
  get hasProbes(): boolean {
    return this.ready && this.#probes.areUnsent;
  }

  /** Closes what `publish` and `probe` have gathered; the result sends it, if the connection is still the same. */
  seal(): () => void {
    const session = this.#session;
    const batch = this.#writer.records > 0 ? this.#writer.take() : undefined;
    const probes = this.ready ? this.#probes.takeUnsent() : undefined;
    return () => {
      if (batch !== undefined) this.#post({ kind: 'publications', session, batch }, [batch]);
      if (probes === undefined) return;
      for (const priority of ['urgent', 'background'] satisfies ProbePriority[]) {
        for (const topics of inBatches(probes[priority]))
          this.#post({ kind: 'probe', session, priority, topics });
      }
      for (const topics of inBatches(probes.promoted))
        this.#post({ kind: 'promote-probes', session, topics });
    };
  }

  credit(batches: number): void {
    this.#post({ kind: 'credit', batches });
  }

  publishesSettled(message: PublishResults): void {
    this.#through = message.through;
    this.#bytes -= message.bytes;
    this.#exhausted &&= this.#uses(0.5);
    for (const topic of message.quarantined ?? []) {
      this.#quarantined.add(topic);
      // Nothing was sent, so no echo is overdue.
      this.#echoes.arrived(topic);
    }
    for (const topic of message.released ?? []) {
      this.#quarantined.delete(topic);
      this.#echoes.published(topic, this.#through);
    }
    for (const { topic } of message.refused) this.#quarantined.delete(topic);
  }

  /**
   * From now on the broker is known to have what it had, as long as the connection stands and after.
   * Returns whether it is known for the first time.
   */
  markerAcknowledged(version: Version): boolean {
    const isFirst = this.marker.recorded === undefined;
    if (!this.marker.acknowledged(version)) return false;
    if (this.ready) this.returnState = 'intact';
    return isFirst;
  }

  /** Nothing of ours is on the way to the broker under this topic. */
  echoed(topic: string): void {
    this.#echoes.arrived(topic);
  }

  /** Takes out the topics of which the echo is overdue, at this time of `performance.now()`. */
  overdue(uptime: number): string[] {
    return this.#echoes.overdue(this.#through, uptime);
  }

  /** Whether anything here waits for time to pass. */
  get isWaiting(): boolean {
    return (
      this.#echoes.size > 0 ||
      this.blockedTopics.isWaiting ||
      this.digests['not taken'].hasUnlogged ||
      this.digests.taken.hasUnlogged ||
      this.probeRetries.isWaiting ||
      this.state.history.isWaiting
    );
  }

  /** Whether at least that share of the credit is in use. */
  #uses(share: number): boolean {
    return this.#sent - this.#through >= CREDIT * share || this.#bytes >= CREDIT_BYTES * share;
  }

  #post(message: ToBroker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port?.postMessage(message, transfer);
  }
}

function* inBatches(topics: Iterable<string>): Generator<string[]> {
  const left = [...topics];
  while (left.length > 0) yield left.splice(0, PROBE_BATCH);
}
