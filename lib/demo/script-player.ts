/** Plays the script on the fixture and prints what happens. */

import type { Look } from '../terminal/terminal.ts';
import { divergingTopics, type Retained, untilEqual } from './comparison.ts';
import type { DemoFixture } from './demo-fixture.ts';
import { DemoValues } from './demo-values.ts';
import { healReport } from './heal-report.ts';
import { cutLines, equalAgainLines, healedLines, stillDifferentLines } from './lines.ts';
import { pause } from './pause.ts';
import { SCRIPT, type ScriptStep } from './script.ts';
import { REMOTE } from './sites.ts';
import { tableHead } from './write-lines.ts';
import type { Write, WriteLog } from './write-log.ts';

/** The player waits for equal brokers until the round is over, but at least for this time. */
const MIN_EQUAL_TIMEOUT_MS = 5_000;

/** The brokers are equal before the clients have received the last messages. This is the longest wait for them. */
const ARRIVALS_TIMEOUT_MS = 2_000;

const ARRIVALS_CHECK_PERIOD_MS = 20;

export interface ScriptPlayerOptions {
  readonly fixture: DemoFixture;
  readonly writes: WriteLog;
  readonly look: Look;
  readonly print: (lines: readonly string[]) => void;
  /** Milliseconds since the demo began. */
  readonly elapsed: () => number;
  readonly signal: AbortSignal;
}

export class ScriptPlayer {
  readonly #values = new DemoValues();
  readonly #options: ScriptPlayerOptions;
  /** The writes since the cut. */
  #writesSinceCut: Write[] = [];
  /** Commands that clients had received when the link was healed. */
  #commandsBefore = 0;
  /** The end of the round, in milliseconds of `performance.now()`. */
  #end = 0;

  constructor(options: ScriptPlayerOptions) {
    this.#options = options;
  }

  /** Plays one round of the given length in milliseconds. Ends early when `signal` aborts; then it heals the link and does not wait. */
  async play(length: number): Promise<void> {
    const { look, print, signal, fixture } = this.#options;
    const start = performance.now();
    this.#end = start + length;
    const until = (at: number) => pause(start + at * length - performance.now(), signal);
    print(tableHead(look));
    for (const step of SCRIPT) {
      await until(step.at);
      if (signal.aborted) break;
      await this.#act(step);
    }
    await until(1);
    if (fixture.link.isCut) this.#healLink();
  }

  async #act(step: ScriptStep): Promise<void> {
    switch (step.kind) {
      case 'write':
        await this.#write(step.site, step.topic, this.#values.next(step.topic));
        return;
      case 'delete':
        await this.#write(step.site, step.topic, '');
        return;
      case 'command':
        await this.#command(step.site, step.topic, this.#values.next(step.topic));
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
    if (fixture.link.isCut) this.#writesSinceCut.push(write);
    await fixture.write(site, topic, payload);
  }

  async #command(site: Write['site'], topic: string, payload: string): Promise<void> {
    const { fixture, writes } = this.#options;
    const write = writes.command(site, topic, payload, performance.now());
    if (fixture.link.isCut) this.#writesSinceCut.push(write);
    await fixture.command(site, topic, payload);
  }

  #cut(): void {
    const { fixture, writes, look, print, elapsed } = this.#options;
    this.#writesSinceCut = [];
    print(cutLines(look, elapsed()));
    fixture.link.cut();
    writes.cut(REMOTE);
  }

  #healLink(): void {
    const { fixture, writes, look, print, elapsed } = this.#options;
    print(healedLines(look, elapsed()));
    writes.healed();
    this.#commandsBefore = writes.commands.length;
    fixture.link.heal();
  }

  async #heal(): Promise<void> {
    const { fixture, writes, look, print, elapsed, signal } = this.#options;
    this.#healLink();
    const healed = performance.now();
    const timeoutMs = Math.max(MIN_EQUAL_TIMEOUT_MS, this.#end - healed);
    const retained = await untilEqual(fixture.brokers, timeoutMs, signal);
    const took = performance.now() - healed;
    const now = elapsed();
    await this.#untilArrived(retained);
    if (signal.aborted) return;
    if (divergingTopics(retained).length > 0) {
      print(stillDifferentLines(look, now, took, retained));
      return;
    }
    writes.endOutstanding();
    print(
      equalAgainLines(
        look,
        now,
        took,
        healReport(this.#writesSinceCut, retained, writes.commands.slice(this.#commandsBefore)),
      ),
    );
    print(tableHead(look));
  }

  /** Waits until the clients have received those writes since the cut that the brokers retain now. */
  async #untilArrived(retained: Retained): Promise<void> {
    const { signal } = this.#options;
    const deadline = performance.now() + ARRIVALS_TIMEOUT_MS;
    const isHeld = ({ topic, payload, isCommand }: Write) =>
      isCommand || (payload !== '' && [...retained.values()].every(held => held.get(topic) === payload));
    const awaited = this.#writesSinceCut.filter(isHeld);
    const hasArrived = ({ deliveries }: Write) =>
      [...deliveries.values()].every(({ kind }) => kind === 'arrived');
    do await pause(ARRIVALS_CHECK_PERIOD_MS, signal);
    while (!awaited.every(hasArrived) && performance.now() < deadline && !signal.aborted);
  }
}
