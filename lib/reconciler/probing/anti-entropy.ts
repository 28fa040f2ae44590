/**
 * Anti-entropy: which topics to probe again at a broker. Brokers drop messages to a subscriber that is slower than a burst,
 * silently and the last value included. So what mqttrep believes is compared with what the broker retains.
 *
 * All topics are scanned in turn, within one period. After a burst, its topics are scanned first. Topics that a full scan left out
 * come next, because a client may have deleted them unheard. Idle topics that are only inferred to be retained come last.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

import { type FullScanOutcome, FullScanSchedule, WHOLE } from './full-scan-schedule.ts';

/** More messages within one second are a burst: far below mosquitto's default queue of 1,000. */
const BURST_MESSAGES = 200;

/** A topic is idle, and a burst is over, after so many milliseconds without a message. */
const IDLE_MS = 5_000;

/** A full scan that leaves out more topics has shown only a part. */
const MAX_LEFT_OUT = 2_000;

/** Topics scanned in one second at most. */
const TOPICS_PER_SECOND = 500;

/** Of these, inferred topics at most: the others must come to their turn. */
const INFERRED_PER_SECOND = 250;

export class AntiEntropy {
  /** Seconds in which every topic is scanned once; Infinity for never. */
  #period: number;
  #walk: Iterator<string> | undefined;
  /** Topics that may be scanned in turn by now. */
  #quota = 0;
  #received = 0;
  #second = 0;
  #lastBurst = 0;
  readonly #burst = new Set<string>();
  /** Topics that a full scan left out. */
  readonly #leftOut = new Set<string>();
  /** Of the topics chosen last, those of which the broker may have dropped messages in a burst. */
  #afterBurst: ReadonlySet<string> = new Set();
  /** When the last message of each inferred topic came, the oldest first. */
  readonly #inferred = new Map<string, number>();
  /** Topics that the running full scan has shown. */
  #shown = new Set<string>();
  readonly #fullScans = new FullScanSchedule();
  /** What a comparison that a person asked for left out is probed, even if anti-entropy is off. */
  #comparison: 'none' | 'running' | 'ended' = 'none';

  constructor(period: number) {
    this.#period = period;
  }

  configure(period: number): void {
    this.#period = period;
  }

  /** Counts messages of the broker. Returns whether they belong to a burst: then their topics are to be noted. */
  received(messages: number, uptime: number): boolean {
    const second = Math.floor(uptime / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#received = 0;
    }
    this.#received += messages;
    if (this.#received <= BURST_MESSAGES) return false;
    this.#lastBurst = uptime;
    this.#fullScans.noteBurst();
    if (this.#isOn) this.#fullScans.request();
    return true;
  }

  /** The broker has replayed so many messages. */
  replayEnded(messages: number): void {
    if (this.#isOn) this.#fullScans.replayEnded(messages);
  }

  /** The replay was cut: a full scan begins at once. */
  beginAfterCut(): void {
    this.#fullScans.beginAtOnce();
    this.#shown = new Set();
  }

  /** A person asks for a comparison. Returns false if a full scan is running. */
  beginComparison(): boolean {
    if (this.#fullScans.isRunning) return false;
    this.beginAfterCut();
    this.#comparison = 'running';
    return true;
  }

  /** Milliseconds from the end of a full scan to the next one, where the replay is still incomplete. */
  get pauseMs(): number {
    return this.#fullScans.pauseMs;
  }

  /** The connection is gone, and a running full scan with it. */
  disconnected(): void {
    this.#fullScans.disconnected();
    this.#inferred.clear();
  }

  /** Whether a full scan begins now, so many seconds after the last call; then it counts as running. */
  beginFullScan(elapsed: number, uptime: number): boolean {
    const isBegun = this.#fullScans.begin(elapsed, this.#period, this.#isBurstOver(uptime));
    if (isBegun) this.#shown = new Set();
    return isBegun;
  }

  /** The full scan has shown a topic. */
  shown(topic: string): void {
    this.#shown.add(topic);
  }

  /**
   * The full scan has shown a topic that had to be probed.
   * @param isFound it was not known that the broker retains anything there
   */
  surprised(isFound: boolean): void {
    this.#fullScans.surprised(isFound);
  }

  /**
   * The full scan is over. What it left out is scanned. Returns how many topics had to be probed meanwhile.
   * @param held the topics that the broker is believed to hold
   */
  fullScanEnded(held: Iterable<string>, result: FullScanOutcome = WHOLE): number {
    const missed = this.#fullScans.isDropping ? this.#burst : this.#leftOut;
    for (const topic of leftOut(held, this.#shown)) missed.add(topic);
    this.#shown = new Set();
    if (this.#comparison === 'running') this.#comparison = 'ended';
    return this.#fullScans.ended(result);
  }

  /** A topic of a burst: it is scanned when the burst is over. */
  note(topic: string): void {
    this.#burst.add(topic);
  }

  /** The broker delivered a message, and may retain another one: the topic is scanned when it is idle. */
  inferred(topic: string, uptime: number): void {
    if (!this.#isOn) return;
    this.#inferred.delete(topic);
    this.#inferred.set(topic, uptime);
  }

  /** Whether a topic is to be scanned for that reason. */
  isInferred(topic: string): boolean {
    return this.#inferred.has(topic);
  }

  /** Whether the topic was chosen last because the broker may have dropped messages of it in a burst. */
  isAfterBurst(topic: string): boolean {
    return this.#afterBurst.has(topic);
  }

  /**
   * The topics to scan now, so many seconds after the last call.
   * @param topics all topics, in any stable order
   */
  next(
    topics: { readonly size: number; keys(): Iterator<string> },
    elapsed: number,
    uptime: number,
  ): string[] {
    if (!this.#isOn && this.#comparison === 'none') return [];
    const most = Math.ceil(TOPICS_PER_SECOND * elapsed);
    const chosen = this.#isBurstOver(uptime) ? takeFirst(this.#burst, most) : [];
    this.#afterBurst = new Set(chosen);
    chosen.push(...takeFirst(this.#leftOut, most - chosen.length));
    if (this.#comparison === 'ended' && this.#burst.size + this.#leftOut.size === 0)
      this.#comparison = 'none';
    const mostInferred = Math.ceil(INFERRED_PER_SECOND * elapsed);
    chosen.push(...this.#takeInferred(Math.min(mostInferred, most - chosen.length), uptime));
    this.#quota = Math.min(this.#quota + (topics.size * elapsed) / this.#period, topics.size);
    while (this.#quota >= 1 && chosen.length < most) {
      this.#quota--;
      const topic = this.#nextOf(topics);
      if (topic === undefined) break;
      chosen.push(topic);
    }
    return chosen;
  }

  get #isOn(): boolean {
    return this.#period !== Number.POSITIVE_INFINITY;
  }

  #isBurstOver(uptime: number): boolean {
    return uptime - this.#lastBurst >= IDLE_MS;
  }

  #takeInferred(most: number, uptime: number): string[] {
    const chosen: string[] = [];
    for (const [topic, at] of this.#inferred) {
      if (chosen.length >= most || uptime - at < IDLE_MS) break;
      this.#inferred.delete(topic);
      chosen.push(topic);
    }
    return chosen;
  }

  /** The iterator of a Map goes on over additions and removals. At its end a new one begins. */
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

/** Takes out the first ones, so many at most. */
function takeFirst(topics: Set<string>, most: number): string[] {
  const taken: string[] = [];
  for (const topic of topics) {
    if (taken.length >= most) break;
    topics.delete(topic);
    taken.push(topic);
  }
  return taken;
}

/** The topics that a full scan should have shown; none if it showed nothing, or left out many. */
function leftOut(held: Iterable<string>, shown: ReadonlySet<string>): readonly string[] {
  const topics: string[] = [];
  if (shown.size === 0) return topics;
  for (const topic of held) {
    if (shown.has(topic)) continue;
    if (topics.length === MAX_LEFT_OUT) return [];
    topics.push(topic);
  }
  return topics;
}
