/**
 * The text of the demo's terminal. Pure functions from events to lines, so that specs can check them. Lines of writes are in
 * write-lines.ts.
 */

import { printable, quoted } from '../core/printable.ts';
import type { Look } from '../terminal/terminal.ts';
import { divergingTopics, type Retained } from './comparison.ts';
import type { CommandReport, Conflict, HealReport } from './heal-report.ts';
import { painted, seconds, shownValue, TIME_WIDTH, time } from './line-parts.ts';
import { REMOTE, SITES, type SiteName } from './sites.ts';
import type { Totals, Write } from './write-log.ts';

/** The width of the time column. */
const INDENT = ' '.repeat(TIME_WIDTH + 2);

/** `page`: the address of the status page. */
export function opening(look: Look, urls: ReadonlyMap<SiteName, string>, page: string): string[] {
  const addresses = SITES.map(site => {
    const note = site === REMOTE ? look.paint('dim', '  over a link that will be cut') : '';
    return `  ${painted(look, site, 6)}  ${urls.get(site)}${note}`;
  });
  const example = `mosquitto_sub -t '#' -v -p ${new URL(urls.get('PARIS') ?? '').port}`;
  return [
    `${look.paint('bold', 'mqttrep demo')}: three brokers with clients, and one mqttrep between them.`,
    '',
    ...addresses,
    '',
    `  Open it in a browser: ${look.paint('bold', page)}`,
    '',
    look.paint('dim', `  Watch one broker: ${example}     Ctrl-C ends the demo.`),
    '',
  ];
}

// ── the link ─────────────────────────────────────────────────────────────────────────────────────────

export function cutLines(look: Look, elapsed: number): string[] {
  const text = `The link to ${REMOTE} is cut. Clients at ${REMOTE} still reach their broker and continue to write.`;
  return ['', `${time(look, elapsed)}${look.paint('red', text)}`];
}

export function healedLines(look: Look, elapsed: number): string[] {
  return [`${time(look, elapsed)}${look.paint('yellow', `The link to ${REMOTE} is healed.`)}`];
}

/** `took`: milliseconds since the link was healed. */
export function equalAgainLines(look: Look, elapsed: number, took: number, report: HealReport): string[] {
  const text = `All three brokers are equal again, ${Math.round(took)} ms after the link was healed.`;
  return [`${time(look, elapsed)}${look.paint('green', text)}`, ...reportLines(look, report), ''];
}

/** `took`: milliseconds since the link was healed. */
export function stillDifferentLines(look: Look, elapsed: number, took: number, retained: Retained): string[] {
  const text = `The brokers are not equal ${seconds(took)} after the link was healed.`;
  return [`${time(look, elapsed)}${look.paint('red', text)}`, ...differenceLines(retained), ''];
}

function reportLines(
  look: Look,
  { received, skipped, sent, conflicts, deleted, notDeleted, commands }: HealReport,
): string[] {
  const values = (writes: readonly Write[]) =>
    writes.map(write => `${printable(write.topic)} = ${shownValue(write)}`);
  const items: [string, readonly string[]][] = [
    ['received', values(received)],
    ['sent', values(sent)],
    ['not sent', values(skipped).map(value => `${value}, replaced by a newer value`)],
    ['conflict', conflicts.map(conflictText)],
    ['commands', commands.map(commandText)],
    ['deleted', deleted.map(topic => `${printable(topic)} is deleted at ${REMOTE} too`)],
    ['not deleted', notDeleted.map(topic => `${printable(topic)} is still retained at ${REMOTE}`)],
  ];
  return items.flatMap(([label, texts]) =>
    texts.map((text, index) => {
      const head = index === 0 ? label : '';
      return look.mode === 'table'
        ? `${INDENT}${look.paint('dim', head.padEnd(12))}${text}`
        : `        ${label}: ${text}`;
    }),
  );
}

function commandText({ topic, given, received }: CommandReport): string {
  const all = given.map(payload => printable(payload)).join(', ');
  const came = received.map(payload => printable(payload)).join(', ');
  const isRight = all === came;
  return `${printable(topic)}: ${all}; ${REMOTE} received ${isRight ? 'each of them once, in order' : came || 'none of them'}`;
}

function conflictText({ topic, writes, winner }: Conflict): string {
  const sides = writes.map(write => `${write.site} wrote ${shownValue(write)}`).join(', ');
  const won = writes.find(({ site }) => site === winner);
  return `${printable(topic)}: ${sides}; ${won === undefined ? 'neither won' : `all brokers retain ${shownValue(won)} now`}`;
}

/** A line of mqttrep's own log. */
export function logLine(look: Look, elapsed: number, message: string): string {
  return `${time(look, elapsed)}${look.paint('dim', `mqttrep: ${printable(message, 2_000)}`)}`;
}

// ── the end ──────────────────────────────────────────────────────────────────────────────────────────

export interface Summary {
  readonly totals: Totals;
  /** Milliseconds; undefined if no write arrived anywhere. */
  readonly median: number | undefined;
  readonly percentile95: number | undefined;
  readonly retained: Retained;
}

export function closing(look: Look, elapsed: number, summary: Summary): string[] {
  const { totals, median, percentile95, retained } = summary;
  const lines = [
    '',
    `${look.paint('bold', 'The demo ended')} after ${seconds(elapsed)}: ${totals.writes} writes, ` +
      `${totals.everywhere} of them arrived at both other brokers.`,
  ];
  if (totals.replaced > 0) {
    lines.push(`${totals.replaced} were replaced by a newer value while ${REMOTE} was cut off.`);
  }
  if (median !== undefined && percentile95 !== undefined) {
    const times = `median ${Math.round(median)} ms, 95th percentile ${Math.round(percentile95)} ms`;
    lines.push(`Time to arrive, without the cut: ${times}.`);
  }
  if (divergingTopics(retained).length > 0) {
    return [...lines, look.paint('red', 'The brokers are not equal.'), ...differenceLines(retained)];
  }
  const topics = retained.get(REMOTE)?.size ?? 0;
  return [
    ...lines,
    look.paint(
      'green',
      `The brokers are equal: all three retain the same ${topics} ${topics === 1 ? 'topic' : 'topics'}.`,
    ),
  ];
}

function differenceLines(retained: Retained): string[] {
  return divergingTopics(retained).map(topic => {
    const values = SITES.map(site => `${site} ${retainedText(retained.get(site)?.get(topic))}`);
    return `        ${printable(topic)}: ${values.join(', ')}`;
  });
}

function retainedText(payload: string | undefined): string {
  return payload === undefined ? 'nothing' : quoted(payload);
}
