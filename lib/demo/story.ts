/** Plays the script on the fixture, and says what happens. */

import type { Look } from '../terminal/terminal.ts';
import { divergingTopics, type Retained, untilEqual } from './comparison.ts';
import type { DemoFixture } from './demo-fixture.ts';
import { DuckPond } from './duck-pond.ts';
import { healReport } from './heal-report.ts';
import { cutLines, equalAgainLines, healedLines, stillDifferentLines, tableHead } from './lines.ts';
import { pause } from './pause.ts';
import { SCRIPT, type ScriptStep } from './script.ts';
import { REMOTE } from './sites.ts';
import type { Write, WriteLog } from './write-log.ts';

/** Equal brokers are waited for until the round is over, but no less than so many milliseconds. */
const LEAST_HEAL_LIMIT = 5_000;

/** The brokers are equal some moments before the clients have seen it: these get so many milliseconds at most. */
const LAST_ARRIVALS = 2_000;

/** How often they are asked, in milliseconds. */
const ARRIVALS_PERIOD = 20;

export interface StoryOptions {
  readonly fixture: DemoFixture;
  readonly writes: WriteLog;
  readonly look: Look;
  readonly say: (lines: readonly string[]) => void;
  /** Milliseconds since the demo began. */
  readonly elapsed: () => number;
  readonly signal: AbortSignal;
}

export class Story {
  readonly #pond = new DuckPond();
  readonly #options: StoryOptions;
  /** What was written since the cut. */
  #meanwhile: Write[] = [];
  /** When the round is over, in milliseconds of `performance.now()`. */
  #end = 0;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** One round, of so many milliseconds. Ends early on `signal`; the link is then healed, but not waited for. */
  async play(length: number): Promise<void> {
    const { look, say, signal, fixture } = this.#options;
    const start = performance.now();
    this.#end = start + length;
    const until = (at: number) => pause(start + at * length - performance.now(), signal);
    say(tableHead(look));
    for (const beat of SCRIPT) {
      await until(beat.at);
      if (signal.aborted) break;
      await this.#act(beat);
    }
    await until(1);
    if (fixture.link.isCut) this.#mend();
  }

  async #act(beat: ScriptStep): Promise<void> {
    switch (beat.kind) {
      case 'write':
        await this.#write(beat.site, beat.topic, this.#pond.next(beat.topic));
        return;
      case 'delete':
        await this.#write(beat.site, beat.topic, '');
        return;
      case 'cut':
        this.#cut();
        return;
      case 'heal':
        await this.#heal();
        return;
    }
  }

  async #write(site: Write['site'], topic: string, payload: string): Promise<void> {
    const { fixture, writes } = this.#options;
    const write = writes.written(site, topic, payload, performance.now());
    if (fixture.link.isCut) this.#meanwhile.push(write);
    await fixture.write(site, topic, payload);
  }

  #cut(): void {
    const { fixture, writes, look, say, elapsed } = this.#options;
    this.#meanwhile = [];
    say(cutLines(look, elapsed()));
    fixture.link.cut();
    writes.cut(REMOTE);
  }

  #mend(): void {
    const { fixture, writes, look, say, elapsed } = this.#options;
    say(healedLines(look, elapsed()));
    writes.healed();
    fixture.link.heal();
  }

  async #heal(): Promise<void> {
    const { fixture, writes, look, say, elapsed, signal } = this.#options;
    this.#mend();
    const healed = performance.now();
    const limit = Math.max(LEAST_HEAL_LIMIT, this.#end - healed);
    const retained = await untilEqual(fixture.brokers, limit, signal);
    const took = performance.now() - healed;
    const now = elapsed();
    await this.#untilSeen(retained);
    if (signal.aborted) return;
    if (divergingTopics(retained).length > 0) {
      say(stillDifferentLines(look, now, took, retained));
      return;
    }
    writes.settle();
    say(equalAgainLines(look, now, took, healReport(this.#meanwhile, retained)));
    say(tableHead(look));
  }

  /** Waits until the clients have seen those of the writes made during the cut that the brokers hold now. */
  async #untilSeen(retained: Retained): Promise<void> {
    const { signal } = this.#options;
    const deadline = performance.now() + LAST_ARRIVALS;
    const isHeld = ({ topic, payload }: Write) =>
      payload !== '' && [...retained.values()].every(held => held.get(topic) === payload);
    const awaited = this.#meanwhile.filter(isHeld);
    const isSeen = ({ deliveries }: Write) =>
      [...deliveries.values()].every(({ kind }) => kind === 'arrived');
    do await pause(ARRIVALS_PERIOD, signal);
    while (!awaited.every(isSeen) && performance.now() < deadline && !signal.aborted);
  }
}
