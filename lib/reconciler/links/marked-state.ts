/**
 * The state that a broker may come back with: what its marker says of it, and what the broker held at the marker and since.
 * Together they tell what the broker lost, what was rolled back, and what was written or deleted while it was away.
 */

import type { AtMarker, ReturnState } from '../../core/events.ts';
import type { RetainedMarker } from '../../protocol/messages.ts';
import type { Superseded } from '../../store/state-store.ts';
import type { HeldChange } from '../topics/held-change.ts';
import { HeldHistory, isValue, type Shown } from './held-history.ts';
import { Marker } from './marker.ts';
import { MarkerKey } from './marker-key.ts';

export class MarkedState {
  readonly history = new HeldHistory();
  /** Undefined where mqttrep may write no control topic. */
  readonly key: MarkerKey | undefined;
  #marker = new Marker(undefined);
  #hasForgedMarker = false;
  /** The last commit before the current session began. */
  #lastCommitBefore = 0;
  /** The number of the marker that the broker came back with, if the marker is intact. */
  #markerAtReturn: number | undefined;

  /**
   * @param secret of the store; it keys the marker
   * @param topic of the marker
   */
  constructor(secret: string, topic: string | undefined) {
    this.key = topic === undefined ? undefined : new MarkerKey(secret, topic);
  }

  get marker(): Marker {
    return this.#marker;
  }

  /** What the broker showed in place of the marker was not written by us. */
  get hasForgedMarker(): boolean {
    return this.#hasForgedMarker;
  }

  /**
   * Takes what the store has.
   * @param recorded the number of the marker
   * @param since what the broker held at this commit and since is known
   */
  recall(recorded: number | undefined, since: number): void {
    if (recorded !== undefined) this.#marker = new Marker(recorded);
    this.history.loaded(since);
  }

  /** A session begins. There is nothing to compare it with before the broker has shown its marker. */
  begun(): void {
    this.#markerAtReturn = undefined;
  }

  /**
   * The broker is connected again, and has shown this in place of the marker.
   * @param lastCommit the last commit before this session
   */
  returned(shown: RetainedMarker, lastCommit: number): ReturnState {
    const commit = typeof shown === 'object' ? this.key?.commitOf(shown.payload) : shown;
    this.#hasForgedMarker = commit === undefined;
    const returnState = this.#marker.returned(commit ?? 'unknown', marker => this.history.reaches(marker));
    if (typeof commit === 'number') this.history.markerReturned(commit, performance.now());
    if (returnState === 'wiped') this.history.unseen.clear();
    this.#lastCommitBefore = lastCommit;
    this.#markerAtReturn = returnState === 'intact' ? this.#marker.recorded : undefined;
    return returnState;
  }

  /**
   * Whether a broker with an intact marker shows an old value. The broker held an old value at the marker or later, but not at the
   * end of the last session. If more values were held than are known, the answer is yes.
   */
  wentBack(topic: string, shown: Shown): boolean {
    if (this.history.unseen.of(topic).some(value => isValue(value, shown))) return true;
    const marker = this.#markerAtReturn;
    if (marker === undefined) return false;
    return this.history.verdict(topic, shown, marker, this.#lastCommitBefore) !== undefined;
  }

  /**
   * What the broker held under a topic at its marker, compared with what it is believed to hold.
   * @param seenAt the commit with which what it holds was last seen to change
   */
  atMarker(topic: string, seenAt: number): AtMarker {
    const { recorded } = this.#marker;
    if (recorded === undefined) return 'not known';
    if (seenAt <= recorded) return 'the same';
    return this.history.heldSince(topic, recorded) ? 'another' : 'not known';
  }

  /** At its return the broker did not show a topic. Returns whether older values were noted that it may have been rolled back to. */
  notShown(topic: string): boolean {
    const marker = this.#markerAtReturn;
    return marker !== undefined && this.history.notShown(topic, marker, this.#lastCommitBefore);
  }

  /** The broker has shown the topic, so older values are dropped. Returns whether some had been noted. */
  releaseUnseen(topic: string): boolean {
    return this.history.unseen.size > 0 && this.history.unseen.release(topic);
  }

  /** What the broker holds under a topic was seen to change. */
  changed(topic: string, { before, after, from, until }: HeldChange): void {
    this.#marker.changed(until, typeof after === 'object' && typeof before !== 'object');
    if (this.key === undefined) return;
    this.history.superseded(topic, before, from, until);
    if (after !== 'unknown') this.releaseUnseen(topic);
  }

  /** The broker may have held a value for a while, although it was not seen to. */
  heldUnseen(topic: string, value: Superseded): void {
    if (this.key !== undefined) this.history.heldUnseen(topic, value);
  }
}
