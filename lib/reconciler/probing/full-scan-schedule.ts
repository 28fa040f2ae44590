/**
 * When a broker is scanned in full. A topic of which the broker dropped every message is one that mqttrep does not know, so no
 * probe finds it. Full scans are due after a burst, after a long replay, and once in a period, until one shows nothing new.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

/** A replay of fewer messages is complete at every broker that is known. */
const LONG_REPLAY_MESSAGES = 1_000;

/** Full scans in a row at most, without a pause. */
const MAX_FULL_SCANS_IN_A_ROW = 5;

/**
 * Milliseconds before each further full scan, as long as the last one showed topics that were not known there. Other changes
 * are no reason for one: they never end where topics are written all the time.
 */
const FULL_SCAN_PAUSE_MS = 60_000;

/** The longest such pause, where the replay is incomplete and a full scan found nothing more. */
const MAX_FULL_SCAN_PAUSE_MS = 60 * 60_000;

/** What came of a full scan. */
export interface FullScanOutcome {
  /** The replay was cut, and the full scan did not read all that was left out. */
  readonly isIncomplete: boolean;
  /** The full scan was cut itself, and has then read everything in parts. */
  readonly isInParts: boolean;
}

export const WHOLE: FullScanOutcome = { isIncomplete: false, isInParts: false };

export class FullScanSchedule {
  #state: 'none' | 'due' | 'running' = 'none';
  /** Topics of the running scan that had to be probed. */
  #newTopics = 0;
  /** Of these, topics of which it was not known that the broker retains anything. */
  #foundTopics = 0;
  #secondsSinceScan = 0;
  /** Full scans that may still follow without a pause. */
  #scansLeft = MAX_FULL_SCANS_IN_A_ROW;
  /** Milliseconds before the next full scan, where the replay is incomplete. */
  #pauseMs = 0;
  /** A burst came since the last full scan that showed nothing new. */
  #hadBurst = false;

  /** Messages came in a burst, and the broker may have dropped others. */
  noteBurst(): void {
    this.#hadBurst = true;
  }

  /** The broker has replayed so many messages. */
  replayEnded(messages: number): void {
    if (messages >= LONG_REPLAY_MESSAGES) this.request();
  }

  /** A full scan is due. */
  request(): void {
    this.#state = 'due';
    this.#scansLeft = MAX_FULL_SCANS_IN_A_ROW;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** The replay was cut, or a person asks for it: a full scan begins at once. */
  beginAtOnce(): void {
    this.#scansLeft = MAX_FULL_SCANS_IN_A_ROW;
    this.#pauseMs = 0;
    this.#begin();
  }

  /** Milliseconds from the end of a full scan to the next one, where the replay is still incomplete. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** The connection is gone, and a running scan with it. */
  disconnected(): void {
    if (this.#state === 'running') this.#state = 'due';
  }

  /**
   * Whether a full scan begins now; then it counts as running.
   * @param elapsed seconds since the last call
   * @param period seconds from one full scan to the next one
   * @param isQuiet no burst is going on
   */
  begin(elapsed: number, period: number, isQuiet: boolean): boolean {
    this.#secondsSinceScan += elapsed;
    if (this.#secondsSinceScan >= period) this.request();
    if (this.#state !== 'due' || !isQuiet) return false;
    const pauseMs = this.#scansLeft <= 0 ? Math.max(FULL_SCAN_PAUSE_MS, this.#pauseMs) : this.#pauseMs;
    if (this.#secondsSinceScan * 1_000 < pauseMs) return false;
    this.#begin();
    return true;
  }

  /**
   * The full scan showed a topic that had to be probed.
   * @param isFound it was not known that the broker retains anything there
   */
  surprised(isFound: boolean): void {
    this.#newTopics++;
    if (isFound) this.#foundTopics++;
  }

  /** Whether the broker drops messages, as far as the full scan, which has just ended, tells. */
  get isDropping(): boolean {
    return this.#hadBurst || this.#newTopics > 0;
  }

  /**
   * The full scan is over. Returns how many topics had to be probed meanwhile. If there were any, another full scan follows, but
   * not after one that was read in parts: it has read everything twice itself. While the replay is incomplete, full scans go
   * on. The first pause is a minute. The pause doubles each time that a scan finds no new topic.
   */
  ended({ isIncomplete, isInParts }: FullScanOutcome): number {
    this.#scansLeft--;
    const isRunning = this.#state === 'running';
    if (this.#newTopics === 0 && isRunning) this.#hadBurst = false;
    const isUnsettled = this.#scansLeft > 0 ? this.#newTopics > 0 : this.#foundTopics > 0;
    const goesOn = isIncomplete || (isUnsettled && !isInParts);
    if (isIncomplete) {
      const longer = this.#foundTopics > 0 ? 0 : 2 * this.#pauseMs;
      this.#pauseMs = Math.min(MAX_FULL_SCAN_PAUSE_MS, Math.max(FULL_SCAN_PAUSE_MS, longer));
      // The pause is counted from the end of the scan.
      this.#secondsSinceScan = 0;
    } else {
      this.#pauseMs = 0;
    }
    if (isRunning) this.#state = goesOn ? 'due' : 'none';
    return this.#newTopics;
  }

  #begin(): void {
    this.#state = 'running';
    this.#secondsSinceScan = 0;
    this.#newTopics = 0;
    this.#foundTopics = 0;
  }
}
