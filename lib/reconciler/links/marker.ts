/**
 * The marker: a number that we leave retained at a broker, to tell at its return whether it still has what it
 * had when we parted.
 *
 * The number is that of a commit: what was seen to be stored at the broker by then, was stored there before the
 * marker. A broker that comes back with the marker as recorded has all of that; one without it came back empty;
 * one with a lower number went back in time (mosquitto, killed between two autosaves, does).
 *
 * Times are milliseconds of `performance.now()`.
 */

import type { ReturnState } from '../../core/events.ts';
import { compareVersions, type Version } from '../../core/version.ts';

/** Two markers of one broker are at least so many milliseconds apart. */
export const MARKER_PERIOD_MS = 50;

/** Milliseconds after which an MQTT 5 broker removes a marker that nobody renews: its mqttrep is gone for good. */
export const MARKER_EXPIRY_MS = 30 * 24 * 60 * 60_000;

/** A marker that nothing changes is renewed after so many milliseconds. */
export const MARKER_RENEWAL_MS = 24 * 60 * 60_000;

interface InFlight {
  readonly commit: number;
  readonly version: Version;
}

export class Marker {
  /** The highest number that the broker is known to have stored. */
  #recorded: number | undefined;
  #inFlight: InFlight | undefined;
  /** The last commit with which what the broker holds changed. */
  #changed = 0;
  /** The last commit with which the broker came to hold a topic of which it held nothing before. */
  #added = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(recorded: number | undefined) {
    this.#recorded = recorded;
  }

  get recorded(): number | undefined {
    return this.#recorded;
  }

  /**
   * What the broker holds changed, with this commit.
   * @param isNew it held nothing of the topic before, so that only a marker can tell later that it did
   */
  changed(commit: number, isNew: boolean): void {
    if (commit > this.#changed) this.#changed = commit;
    if (isNew && commit > this.#added) this.#added = commit;
  }

  /** Whether the marker is to be written behind this commit. An idle broker gets none, but for the renewal. */
  isDue(commit: number, uptime: number): boolean {
    if (this.#inFlight !== undefined || uptime < this.#writtenAt + MARKER_PERIOD_MS) return false;
    return this.#isBehind(commit) || uptime >= this.#writtenAt + MARKER_RENEWAL_MS;
  }

  /**
   * When the marker is to be written though no other reason for a commit comes up; undefined where it can wait for one.
   * @param closed the last commit to which nothing will be added any more
   * @param hasUnsaved changes wait for the next one
   */
  dueAt(closed: number, hasUnsaved: boolean): number | undefined {
    if (this.#inFlight !== undefined) return undefined;
    const isUrgent = this.#added > (this.#recorded ?? 0);
    const isLeft = !hasUnsaved && this.#isBehind(closed);
    return isUrgent || isLeft ? this.#writtenAt + MARKER_PERIOD_MS : undefined;
  }

  #isBehind(commit: number): boolean {
    const recorded = this.#recorded;
    return recorded === undefined || (commit > recorded && this.#changed > recorded);
  }

  write(commit: number, version: Version, uptime: number): void {
    this.#inFlight = { commit, version };
    this.#writtenAt = uptime;
  }

  /** The broker has stored the marker of this version. Returns whether that is the last that was written. */
  acknowledged(version: Version): boolean {
    const inFlight = this.#inFlight;
    if (inFlight === undefined || compareVersions(inFlight.version, version) !== 0) return false;
    this.#recorded = inFlight.commit;
    this.#inFlight = undefined;
    return true;
  }

  /** The connection is gone; what was in flight may or may not have arrived. */
  parted(): void {
    this.#inFlight = undefined;
  }

  /**
   * The broker is connected again, and showed this marker. Without a marker that we may rely on nothing is
   * taken for deleted.
   * @param reaches whether it is known what changed at the broker since a marker
   */
  returned(found: number | 'absent' | 'unknown', reaches: (marker: number) => boolean): ReturnState {
    const recorded = this.#recorded;
    this.#recorded = typeof found === 'number' ? found : undefined;
    if (recorded === undefined || typeof found !== 'number') return 'wiped';
    return found >= recorded || reaches(found) ? 'intact' : 'rolled back';
  }
}
