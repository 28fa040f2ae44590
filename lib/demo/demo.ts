/**
 * `mqttrep demo`: three brokers in this process, clients that write, a link that is cut and healed, and what
 * happens shown in the terminal. Ends after the given time or by a signal, and tells by its exit code whether
 * the brokers were then equal.
 */

import type { LogLevel } from '../protocol/messages.ts';
import { lookOf } from '../terminal/terminal.ts';
import { divergingTopics, untilEqual } from './comparison.ts';
import { DemoFixture, type SawWrite } from './demo-fixture.ts';
import { closing, logLine, opening, writeLines } from './lines.ts';
import { pause } from './pause.ts';
import { roundLength } from './script.ts';
import { percentile } from './statistics.ts';
import { Story } from './story.ts';
import { WriteLog } from './write-log.ts';

/** Longest wait for equal brokers at the end, in milliseconds. */
const EQUAL_LIMIT = 5_000;

/** Aedes acknowledges a message before it stores it: equal brokers prove nothing so many milliseconds after a write. */
const QUIET = 250;

/** What is kept, of the time that was asked for, to compare and to stop in; in milliseconds. */
const ENDING = 750;

/**
 * Runs for so many seconds, 5 at the least; without a number until SIGINT or SIGTERM. Returns the exit code:
 * 0 if the retained messages of all brokers were equal at the end, else 1.
 */
export async function demo(seconds: number | undefined): Promise<number> {
  const begin = performance.now();
  const elapsed = () => performance.now() - begin;
  const look = lookOf(process.stdout, process.env);
  const say = (lines: readonly string[]) => {
    for (const line of lines) process.stdout.write(`${line}\n`);
  };
  const ending = new AbortController();
  const forget = onEnd(() => ending.abort());
  const writes = new WriteLog(write => say(writeLines(look, write, write.at - begin)));
  let failure: string | undefined;
  try {
    const fixture = await DemoFixture.build((level, message) => {
      if (isWorthTelling(level, message)) say([logLine(look, elapsed(), message)]);
    });
    try {
      say(opening(look, fixture.urls, fixture.page));
      const saw: SawWrite = (site, topic, payload, at) => writes.arrived(site, topic, payload, at);
      const missing = await fixture.connect(saw, ending.signal);
      if (missing.length > 0 && !ending.signal.aborted) {
        say([look.paint('red', `mqttrep does not reach ${missing.join(', ')}.`)]);
        return 1;
      }
      void fixture.failed.then(reason => {
        failure = reason;
        ending.abort();
      });
      const left = seconds === undefined ? undefined : seconds * 1000 - elapsed() - ENDING;
      const story = new Story({ fixture, writes, look, say, elapsed, signal: ending.signal });
      await playRounds(story, left, ending.signal);

      await pause(QUIET);
      const retained = await untilEqual(fixture.brokers, EQUAL_LIMIT);
      const equal = divergingTopics(retained).length === 0;
      if (equal) writes.settle();
      const { totals, times } = writes;
      const summary = {
        totals,
        retained,
        median: percentile(times, 0.5),
        percentile95: percentile(times, 0.95),
      };
      say(closing(look, elapsed(), summary));
      return equal && failure === undefined ? 0 : 1;
    } finally {
      await fixture.close();
    }
  } finally {
    writes.close();
    forget();
  }
}

async function playRounds(story: Story, left: number | undefined, signal: AbortSignal): Promise<void> {
  const length = roundLength(left);
  let rounds = left === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(left / length));
  for (; rounds > 0 && !signal.aborted; rounds--) await story.play(length);
}

/** That each attempt over a cut link fails is no news, nor that Aedes speaks MQTT 3.1.1 only. */
function isWorthTelling(level: LogLevel, message: string): boolean {
  if (level === 'error') return true;
  return level !== 'debug' && !message.includes('cannot connect') && !message.includes('not accepted');
}

/** A signal ends the demo, a second one the process. So does a reader that has gone, as in `| head`. */
function onEnd(end: () => void): () => void {
  const onSignal = () => {
    forgetSignals();
    end();
  };
  const forgetSignals = () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.stdout.on('error', end);
  return () => {
    forgetSignals();
    process.stdout.off('error', end);
  };
}
