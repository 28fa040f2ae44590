/**
 * Anti-entropy: which topics to look at again at a broker. Brokers drop messages to a subscriber that is
 * slower than a burst, silently and the last value included, so what we believe is compared with what is.
 *
 * All topics are looked at in turn, within one period; those that came in a burst are looked at first, once
 * the burst is over, and those of which it is presumed only that the broker retains what it delivered, once they
 * are quiet. A topic of which every message was dropped is one that we do not know: so after a burst, and
 * after a long replay, and once in a period, the broker is surveyed, until it shows nothing new. What it leaves out may
 * have been deleted without our hearing of it, and is looked at next.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

/** So many messages within one second are a burst: below mosquitto's default queue of 1,000 by far. */
const BURST = 200;

/** A topic of a burst is looked at when the burst has been over for so many milliseconds. */
const QUIET = 5_000;

/** A replay of fewer messages is whole at every broker that we know of. */
const LONG_REPLAY = 1_000;

/** Surveys in a row, at most. */
const MAX_FULL_SCANS_IN_A_ROW = 5;

/**
 * Milliseconds before each survey after these, as long as the last one showed topics that were not known there. Of other
 * news there is no end where topics are written all the time.
 */
const FULL_SCAN_PAUSE_MS = 60_000;

/** The longest such pause, where the replay is incomplete and a survey found nothing more. */
const LONGEST_PAUSE_MS = 60 * 60_000;

/** A survey that leaves out more topics than that has shown a part only. */
const MOST_LEFT_OUT = 2_000;

/** Topics looked at in one second, at most. */
const MOST = 500;

/** Of these, topics that are looked at because of a presumption: what is due anyway must come to its turn. */
const MAX_INFERRED = 250;

/** What came of a survey. */
export interface FullScanOutcome {
  /** The replay was cut, and the survey did not read all that it left out. */
  readonly isIncomplete: boolean;
  /** It was cut itself, and has then read everything in parts. */
  readonly isInParts: boolean;
}

const WHOLE: FullScanOutcome = { isIncomplete: false, isInParts: false };

export class AntiEntropy {
  /** Seconds in which every topic is looked at once; Infinity for never. */
  period: number;
  #walk: Iterator<string> | undefined;
  #quota = 0;
  #received = 0;
  #second = 0;
  #lastBurst = 0;
  #burst = new Set<string>();
  /** What a survey left out. */
  readonly #leftOut = new Set<string>();
  /** Of the topics that were chosen last, those of which the broker may have dropped messages in a burst. */
  #afterBurst: ReadonlySet<string> = new Set();
  /** A burst came since the last survey that showed nothing new. */
  #hadBurst = false;
  /** When the last message of each topic came, the oldest first. */
  readonly #inferred = new Map<string, number>();
  #fullScan: 'none' | 'due' | 'under way' = 'none';
  /** Topics of the survey under way that had to be asked for. */
  #newTopics = 0;
  /** Of these, topics of which it was not known that the broker retains anything. */
  #found = 0;
  /** Topics that the survey under way has shown. */
  #shown = new Set<string>();
  /** Seconds. */
  #secondsSinceFullScan = 0;
  /** Surveys that may still follow upon news without a pause. */
  #left = MAX_FULL_SCANS_IN_A_ROW;
  /** Milliseconds before the next survey, where the replay is incomplete. */
  #pause = 0;

  constructor(period: number) {
    this.period = period;
  }

  /** Counts messages of the broker. Returns whether they belong to a burst: their topics are to be noted then. */
  received(messages: number, uptime: number): boolean {
    const second = Math.floor(uptime / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#received = 0;
    }
    this.#received += messages;
    if (this.#received <= BURST) return false;
    this.#lastBurst = uptime;
    this.#hadBurst = true;
    this.#requestFullScan();
    return true;
  }

  /** The broker has replayed so many messages. */
  replayed(messages: number): void {
    if (messages >= LONG_REPLAY) this.#requestFullScan();
  }

  /** The replay was cut: a survey is under way at once. */
  beginAfterCut(): void {
    this.#left = MAX_FULL_SCANS_IN_A_ROW;
    this.#pause = 0;
    this.#begin();
  }

  /** Milliseconds from the end of a survey to the next one, where the replay is still incomplete. */
  get pause(): number {
    return this.#pause;
  }

  /** The connection is gone, and what was under way with it. */
  parted(): void {
    if (this.#fullScan === 'under way') this.#fullScan = 'due';
    this.#inferred.clear();
  }

  /** Whether the broker is to be surveyed now, so many seconds after the last call; then it counts as under way. */
  beginFullScan(elapsed: number, uptime: number): boolean {
    this.#secondsSinceFullScan += elapsed;
    if (this.#secondsSinceFullScan >= this.period) this.#requestFullScan();
    if (this.#fullScan !== 'due' || uptime - this.#lastBurst < QUIET) return false;
    const pause = this.#left <= 0 ? Math.max(FULL_SCAN_PAUSE_MS, this.#pause) : this.#pause;
    if (this.#secondsSinceFullScan * 1_000 < pause) return false;
    this.#begin();
    return true;
  }

  #begin(): void {
    this.#fullScan = 'under way';
    this.#secondsSinceFullScan = 0;
    this.#newTopics = 0;
    this.#found = 0;
    this.#shown = new Set();
  }

  /** The survey showed a topic. */
  shown(topic: string): void {
    this.#shown.add(topic);
  }

  /**
   * The survey showed a topic that has to be asked for.
   * @param isFound it was not known that the broker retains anything there
   */
  surprised(isFound: boolean): void {
    this.#newTopics++;
    if (isFound) this.#found++;
  }

  /**
   * The survey is over. What it left out is looked at. Returns how many topics had to be asked for meanwhile; if any,
   * there is to be another survey. One that was read in parts has looked at the whole once more itself. Where the replay is
   * still incomplete, another one follows after a minute; after twice as long each time, if nothing more was found.
   * @param held what the broker is believed to retain
   */
  fullScanEnded(held: Iterable<string>, { isIncomplete, isInParts }: FullScanOutcome = WHOLE): number {
    const isDropping = this.#hadBurst || this.#newTopics > 0;
    const missed = isDropping ? this.#burst : this.#leftOut;
    for (const topic of leftOut(held, this.#shown)) missed.add(topic);
    this.#shown = new Set();
    this.#left--;
    if (this.#newTopics === 0 && this.#fullScan === 'under way') this.#hadBurst = false;
    const isUnsettled = this.#left > 0 ? this.#newTopics > 0 : this.#found > 0;
    const goesOn = isIncomplete || (isUnsettled && !isInParts);
    if (isIncomplete) {
      const longer = this.#found > 0 ? 0 : 2 * this.#pause;
      this.#pause = Math.min(LONGEST_PAUSE_MS, Math.max(FULL_SCAN_PAUSE_MS, longer));
      // The pause is counted from the end.
      this.#secondsSinceFullScan = 0;
    } else {
      this.#pause = 0;
    }
    if (this.#fullScan === 'under way') this.#fullScan = goesOn ? 'due' : 'none';
    return this.#newTopics;
  }

  /** A topic of a burst: to be looked at when it is over. */
  note(topic: string): void {
    this.#burst.add(topic);
  }

  /** The broker delivered a message, and may retain another one: to be looked at when the topic is quiet. */
  inferred(topic: string, uptime: number): void {
    if (this.period === Number.POSITIVE_INFINITY) return;
    this.#inferred.delete(topic);
    this.#inferred.set(topic, uptime);
  }

  /** Whether a topic is to be looked at for that. */
  isInferred(topic: string): boolean {
    return this.#inferred.has(topic);
  }

  /** Whether the topic is one of those chosen last of which the broker may have dropped messages in a burst. */
  isAfterBurst(topic: string): boolean {
    return this.#afterBurst.has(topic);
  }

  /**
   * The topics to look at now, after so many seconds since the last call.
   * @param topics all topics, in any stable order
   */
  next(
    topics: { readonly size: number; keys(): Iterator<string> },
    elapsed: number,
    uptime: number,
  ): string[] {
    if (this.period === Number.POSITIVE_INFINITY) return [];
    const most = Math.ceil(MOST * elapsed);
    const chosen = this.#ofBurst(most, uptime);
    this.#afterBurst = new Set(chosen);
    chosen.push(...takeFirst(this.#leftOut, most - chosen.length));
    chosen.push(
      ...this.#ofInferred(Math.min(Math.ceil(MAX_INFERRED * elapsed), most - chosen.length), uptime),
    );
    this.#quota = Math.min(this.#quota + (topics.size * elapsed) / this.period, topics.size);
    while (this.#quota >= 1 && chosen.length < most) {
      this.#quota--;
      const topic = this.#nextOf(topics);
      if (topic === undefined) break;
      chosen.push(topic);
    }
    return chosen;
  }

  #requestFullScan(): void {
    if (this.period === Number.POSITIVE_INFINITY) return;
    this.#fullScan = 'due';
    this.#left = MAX_FULL_SCANS_IN_A_ROW;
  }

  #ofBurst(most: number, uptime: number): string[] {
    if (uptime - this.#lastBurst < QUIET) return [];
    return takeFirst(this.#burst, most);
  }

  #ofInferred(most: number, uptime: number): string[] {
    const chosen: string[] = [];
    for (const [topic, at] of this.#inferred) {
      if (chosen.length >= most || uptime - at < QUIET) break;
      this.#inferred.delete(topic);
      chosen.push(topic);
    }
    return chosen;
  }

  /** A Map's iterator goes on over additions and removals; at the end it starts anew. */
  #nextOf(topics: { keys(): Iterator<string> }): string | undefined {
    this.#walk ??= topics.keys();
    let next = this.#walk.next();
    if (next.done === true) {
      this.#walk = topics.keys();
      next = this.#walk.next();
    }
    return next.done === true ? undefined : next.value;
  }
}

/** Takes out those that came first, so many at most. */
function takeFirst(topics: Set<string>, most: number): string[] {
  const taken: string[] = [];
  for (const topic of topics) {
    if (taken.length >= most) break;
    topics.delete(topic);
    taken.push(topic);
  }
  return taken;
}

/** The topics that a survey should have shown; none where it showed nothing, or left out many. */
function leftOut(held: Iterable<string>, shown: ReadonlySet<string>): readonly string[] {
  const topics: string[] = [];
  if (shown.size === 0) return topics;
  for (const topic of held) {
    if (shown.has(topic)) continue;
    if (topics.length === MOST_LEFT_OUT) return [];
    topics.push(topic);
  }
  return topics;
}
