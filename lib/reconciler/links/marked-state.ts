/**
 * The state that a broker may come back with: what its marker says of that, and what the broker held at the marker and
 * since. Together they tell what it lost, what went back, and what was written or deleted while we were apart.
 */

import type { AtMarker, ReturnState } from '../../core/events.ts';
import type { ShownMarker } from '../../protocol/messages.ts';
import type { Superseded } from '../../store/state-store.ts';
import type { HeldChange } from '../topics/held-change.ts';
import { HeldHistory, isValue, type Shown } from './held-history.ts';
import { Marker } from './marker.ts';
import { MarkerKey } from './marker-key.ts';

export class MarkedState {
  marker = new Marker(undefined);
  readonly history = new HeldHistory();
  /** Undefined where mqttrep may write no control topic. */
  readonly key: MarkerKey | undefined;
  /** What the broker showed in place of the marker was not written by us. */
  hasForgedMarker = false;
  /** The last commit before the current session began. */
  #lastCommitBefore = 0;
  /** The marker that the broker came back with, where it has what it had then. */
  #markerAtReturn: number | undefined;

  /**
   * @param secret of the store: it keys the marker
   * @param topic of the marker
   */
  constructor(secret: string, topic: string | undefined) {
    this.key = topic === undefined ? undefined : new MarkerKey(secret, topic);
  }

  /** Takes what the store has. */
  recall(recorded: number | undefined, since: number): void {
    if (recorded !== undefined) this.marker = new Marker(recorded);
    this.history.loaded(since);
  }

  /** Connected again; until the broker has shown its marker there is nothing to compare it with. */
  begun(): void {
    this.#markerAtReturn = undefined;
  }

  /**
   * The broker is connected again, and has shown this.
   * @param closed the last commit before
   */
  returned(shown: ShownMarker, closed: number): ReturnState {
    const commit = typeof shown === 'object' ? this.key?.commitOf(shown.payload) : shown;
    this.hasForgedMarker = commit === undefined;
    const base = this.marker.returned(commit ?? 'unknown', marker => this.history.reaches(marker));
    if (typeof commit === 'number') this.history.markerReturned(commit, performance.now());
    if (base === 'wiped') this.history.unseen.clear();
    this.#lastCommitBefore = closed;
    this.#markerAtReturn = base === 'intact' ? this.marker.recorded : undefined;
    return base;
  }

  /**
   * Whether the broker, which has what it had at its marker, shows under a topic what it held at that time or since, and no
   * longer when we parted. Where too much happened since to know of all, that is presumed.
   */
  wentBack(topic: string, shown: Shown): boolean {
    if (this.history.unseen.of(topic).some(value => isValue(value, shown))) return true;
    const marker = this.#markerAtReturn;
    if (marker === undefined) return false;
    return this.history.verdict(topic, shown, marker, this.#lastCommitBefore) !== undefined;
  }

  /**
   * What the broker held under a topic at its marker, against what it is believed to hold.
   * @param seen the commit with which that was last seen to change
   */
  atMarker(topic: string, seen: number): AtMarker {
    const { recorded } = this.marker;
    if (recorded === undefined) return 'not known';
    if (seen <= recorded) return 'the same';
    return this.history.heldSince(topic, recorded) ? 'another' : 'not known';
  }

  /** At its return the broker did not show a topic. Returns whether it may have gone back to values that are kept for that. */
  notShown(topic: string): boolean {
    const marker = this.#markerAtReturn;
    return marker !== undefined && this.history.notShown(topic, marker, this.#lastCommitBefore);
  }

  /** The broker has shown what it holds under a topic. Returns whether values were kept until then. */
  shown(topic: string): boolean {
    return this.history.unseen.size > 0 && this.history.unseen.release(topic);
  }

  /** What the broker holds under a topic was seen to change. */
  changed(topic: string, { before, after, from, until }: HeldChange): void {
    this.marker.changed(until, typeof after === 'object' && typeof before !== 'object');
    if (this.key === undefined) return;
    this.history.superseded(topic, before, from, until);
    if (after !== 'unknown') this.shown(topic);
  }

  /** The broker may have held a value for a while, though that was not seen. */
  heldUnseen(topic: string, value: Superseded): void {
    if (this.key !== undefined) this.history.heldUnseen(topic, value);
  }
}
