/**
 * The marker: a number that mqttrep leaves retained at a broker. At the broker's return it tells whether the broker still has what
 * it had when the session ended.
 *
 * The number is that of a commit: everything that was seen stored at the broker by then was stored there before the marker. A
 * broker that comes back with the recorded number has all of that. A broker without the marker was wiped. A broker with a lower
 * number was rolled back: for instance, it was killed between two autosaves.
 *
 * Times are milliseconds of `performance.now()`.
 */

import type { ReturnState } from '../../core/events.ts';
import { compareVersions, type Version } from '../../core/version.ts';

/** Milliseconds between two markers of one broker at least. */
export const MARKER_PERIOD_MS = 50;

/** Milliseconds after which an MQTT 5 broker expires a marker that nobody renews: its mqttrep is gone for good. */
export const MARKER_EXPIRY_MS = 30 * 24 * 60 * 60_000;

/** Milliseconds after which a marker is renewed although nothing has changed. */
export const MARKER_RENEWAL_MS = 24 * 60 * 60_000;

interface InFlight {
  readonly commit: number;
  readonly version: Version;
}

export class Marker {
  /** The highest number that the broker is known to have stored. */
  #recorded: number | undefined;
  #inFlight: InFlight | undefined;
  /** The last commit with a change of what the broker holds. */
  #changed = 0;
  /** The last commit with a topic of which the broker had held nothing before. */
  #added = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(recorded: number | undefined) {
    this.#recorded = recorded;
  }

  get recorded(): number | undefined {
    return this.#recorded;
  }

  /**
   * What the broker holds has changed with this commit.
   * @param isNew the broker held nothing of the topic before, so that only a later marker can prove that it holds it now
   */
  changed(commit: number, isNew: boolean): void {
    if (commit > this.#changed) this.#changed = commit;
    if (isNew && commit > this.#added) this.#added = commit;
  }

  /** Whether the marker is to be written behind this commit. An idle broker gets a marker only as a renewal. */
  isDue(commit: number, uptime: number): boolean {
    if (this.#inFlight !== undefined || uptime < this.#writtenAt + MARKER_PERIOD_MS) return false;
    return this.#isBehind(commit) || uptime >= this.#writtenAt + MARKER_RENEWAL_MS;
  }

  /**
   * The time at which a commit has to be made only for the marker. Undefined if the marker can wait for the next commit.
   * @param closed the last commit to which no change will be added any more
   * @param hasUnsaved changes wait for the next commit
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

  /** The broker has stored the marker of this version. Returns whether that is the last one written. */
  acknowledged(version: Version): boolean {
    const inFlight = this.#inFlight;
    if (inFlight === undefined || compareVersions(inFlight.version, version) !== 0) return false;
    this.#recorded = inFlight.commit;
    this.#inFlight = undefined;
    return true;
  }

  /** The connection is gone; a marker in flight may or may not have arrived. */
  disconnected(): void {
    this.#inFlight = undefined;
  }

  /**
   * The broker is connected again, and shows this marker. Without a reliable marker nothing counts as deleted.
   * @param reaches whether it is known what changed at the broker since a marker
   */
  returned(found: number | 'absent' | 'unknown', reaches: (marker: number) => boolean): ReturnState {
    const recorded = this.#recorded;
    this.#recorded = typeof found === 'number' ? found : undefined;
    if (recorded === undefined || typeof found !== 'number') return 'wiped';
    return found >= recorded || reaches(found) ? 'intact' : 'rolled back';
  }
}
