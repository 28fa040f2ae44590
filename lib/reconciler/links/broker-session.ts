/**
 * What the reconciler knows of the sessions with one broker: whether it can be published to now, what its replay has shown, and
 * with what that can be compared. The object lives as long as the link.
 */

import type { ReturnState } from '../../core/events.ts';
import { has, type Policies } from '../../core/policy.ts';
import type { Version } from '../../core/version.ts';
import type { SessionStarted } from '../../protocol/messages.ts';
import type { Shown } from './held-history.ts';
import type { MarkedState } from './marked-state.ts';

export class BrokerSession {
  readonly #broker: number;
  readonly #state: MarkedState;
  #number = 0;
  #isReady = false;
  #stamps = false;
  #retains = true;
  #writes = true;
  #returnState: ReturnState = 'first contact';
  #messages = 0;
  #isKnown = false;
  #completed = 0;
  /** The policies before the filters changed, until the broker has shown what the new filters cover. */
  #former: Policies | undefined;
  /** The topics that the current replay has shown, where there is something to compare them with. */
  #replayed: Set<string> | undefined;
  /** Topics of which a publish was pending when the connection before this one ended, until they are probed. */
  #cutOff = new Set<string>();

  /**
   * @param broker its index
   * @param state what the broker may come back with
   */
  constructor(broker: number, state: MarkedState) {
    this.#broker = broker;
    this.#state = state;
  }

  /** Counts the sessions of one worker. */
  get number(): number {
    return this.#number;
  }

  /** The broker is connected and its replay is over: it can be published to. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The broker returns our stamps with our messages. */
  get stamps(): boolean {
    return this.#stamps;
  }

  /** The broker keeps retained messages. If not, it is neither probed nor given a marker. */
  get retains(): boolean {
    return this.#retains;
  }

  /** mqttrep may write its control topics there. */
  get writes(): boolean {
    return this.#writes;
  }

  /** What this session can be compared with. */
  get returnState(): ReturnState {
    return this.#returnState;
  }

  /** Messages received in this session. */
  get messages(): number {
    return this.#messages;
  }

  /** The broker has shown all that it retains, since the process started or, as the store says, before. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** How often the broker has become ready. */
  get completed(): number {
    return this.#completed;
  }

  /** The broker has shown what it retains under the filters as they are now. */
  get hasShownAllFilters(): boolean {
    return this.#former === undefined;
  }

  /** The store says that the broker was seen before. */
  recallKnown(): void {
    this.#isKnown = true;
  }

  /** @param lastCommit the last commit before this session */
  begun(
    { session, stamps, retainsMessages, writesControlTopics, marker }: SessionStarted,
    lastCommit: number,
  ): void {
    this.#number = session;
    this.#messages = 0;
    this.#stamps = stamps;
    this.#retains = retainsMessages;
    this.#writes = writesControlTopics;
    this.#state.begun();
    if (!retainsMessages) this.#returnState = 'no retention';
    else this.#returnState = this.#isKnown ? this.#state.returned(marker, lastCommit) : 'first contact';
    this.#replayed = session > 1 || this.#isKnown ? new Set() : undefined;
  }

  /** Messages have arrived. */
  received(messages: number): void {
    this.#messages += messages;
  }

  /** The replay has shown that the broker retains the topic. */
  replayShown(topic: string): void {
    this.#replayed?.add(topic);
  }

  /** The replay is over. Returns the topics that it has shown, where there is something to compare them with. */
  replayEnded(stamps: boolean): ReadonlySet<string> | undefined {
    const replayed = this.#replayed;
    this.#isReady = true;
    this.#isKnown = true;
    this.#stamps = stamps;
    this.#completed++;
    this.#former = undefined;
    this.#replayed = undefined;
    return replayed;
  }

  /** The connection is about to be closed: nothing more is published in this session. */
  stopPublishing(): void {
    this.#isReady = false;
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#isReady = false;
    this.#state.marker.disconnected();
  }

  /** Other filters: what only the new ones cover has nothing to be compared with. */
  filtersChanged(former: Policies): void {
    this.#former ??= former;
  }

  /** What the topic can be compared with. */
  returnStateOf(topic: string, shown: Shown): ReturnState {
    if (this.#former !== undefined && !has(this.#former.of(topic).echo, this.#broker)) return 'first contact';
    return this.#state.wentBack(topic, shown) ? 'rolled back' : this.#returnState;
  }

  /**
   * The broker has stored the marker of this version: from now on it is known to have what it had then.
   * Returns whether that is known for the first time.
   */
  markerAcknowledged(version: Version): boolean {
    const { marker } = this.#state;
    const isFirst = marker.recorded === undefined;
    if (!marker.acknowledged(version)) return false;
    if (this.#isReady) this.#returnState = 'intact';
    return isFirst;
  }

  /** A publish of these topics was pending when the last connection ended. */
  wereCutOff(topics: Iterable<string>): void {
    this.#cutOff = new Set(topics);
  }

  /** Whether a publish of the topic was pending when the last connection ended. The answer is true once. */
  takeCutOff(topic: string): boolean {
    return this.#cutOff.delete(topic);
  }
}
