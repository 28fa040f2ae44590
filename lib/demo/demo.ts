/**
 * `mqttrep demo`: three brokers in this process, clients that write, and a link that is cut and healed. The terminal
 * shows what happens. The demo ends after the given time or on a signal; its exit code says whether the brokers
 * were equal then.
 */

import type { LogLevel } from '../protocol/messages.ts';
import { lookOf } from '../terminal/terminal.ts';
import { divergingTopics, untilEqual } from './comparison.ts';
import { DemoFixture, type OnArrival } from './demo-fixture.ts';
import { closing, logLine, opening } from './lines.ts';
import { pause } from './pause.ts';
import { roundLength } from './script.ts';
import { ScriptPlayer } from './script-player.ts';
import { percentile } from './statistics.ts';
import { writeLines } from './write-lines.ts';
import { WriteLog } from './write-log.ts';

/** Longest wait for equal brokers at the end. */
const EQUAL_TIMEOUT_MS = 5_000;

/** The embedded broker acknowledges a message before it stores it, so a comparison right after a write proves nothing. */
const STORE_DELAY_MS = 250;

/** The part of the requested time that is reserved for the comparison and the stop. */
const ENDING_MS = 750;

/**
 * Runs for the given seconds, but at least for one round; without a number until SIGINT or SIGTERM. Returns the exit
 * code: 0 if the retained messages of all brokers were equal at the end, else 1.
 */
export async function demo(seconds: number | undefined): Promise<number> {
  const begin = performance.now();
  const elapsed = () => performance.now() - begin;
  const look = lookOf(process.stdout, process.env);
  const print = (lines: readonly string[]) => {
    for (const line of lines) process.stdout.write(`${line}\n`);
  };
  const ending = new AbortController();
  const removeListeners = onEnd(() => ending.abort());
  const writes = new WriteLog(write => print(writeLines(look, write, write.at - begin)));
  let failure: string | undefined;
  try {
    const fixture = await DemoFixture.build((level, message) => {
      if (isShown(level, message)) print([logLine(look, elapsed(), message)]);
    });
    try {
      print(opening(look, fixture.urls, fixture.page));
      const onArrival: OnArrival = (site, topic, payload, at) => writes.arrived(site, topic, payload, at);
      const missing = await fixture.connect(onArrival, ending.signal);
      if (missing.length > 0 && !ending.signal.aborted) {
        print([look.paint('red', `mqttrep could not connect to ${missing.join(', ')}; the demo ends.`)]);
        return 1;
      }
      void fixture.failed.then(reason => {
        failure = reason;
        ending.abort();
      });
      const left = seconds === undefined ? undefined : seconds * 1000 - elapsed() - ENDING_MS;
      const player = new ScriptPlayer({ fixture, writes, look, print, elapsed, signal: ending.signal });
      await playRounds(player, left, ending.signal);

      await pause(STORE_DELAY_MS);
      const retained = await untilEqual(fixture.brokers, EQUAL_TIMEOUT_MS);
      const equal = divergingTopics(retained).length === 0;
      if (equal) writes.endOutstanding();
      const { totals, times } = writes;
      const summary = {
        totals,
        retained,
        median: percentile(times, 0.5),
        percentile95: percentile(times, 0.95),
      };
      print(closing(look, elapsed(), summary));
      return equal && failure === undefined ? 0 : 1;
    } finally {
      await fixture.close();
    }
  } finally {
    writes.close();
    removeListeners();
  }
}

async function playRounds(
  player: ScriptPlayer,
  left: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const length = roundLength(left);
  let rounds = left === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.round(left / length));
  for (; rounds > 0 && !signal.aborted; rounds--) await player.play(length);
}

/** Hides two expected lines: each failed attempt over the cut link, and that the embedded broker speaks only MQTT 3.1.1. */
function isShown(level: LogLevel, message: string): boolean {
  if (level === 'error') return true;
  return level !== 'debug' && !message.includes('cannot connect') && !message.includes('not accepted');
}

/** The first signal ends the demo, a second one the process. A closed standard output, as after `| head`, ends the demo too. */
function onEnd(end: () => void): () => void {
  const onSignal = () => {
    removeSignals();
    end();
  };
  const removeSignals = () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.stdout.on('error', end);
  return () => {
    removeSignals();
    process.stdout.off('error', end);
  };
}
