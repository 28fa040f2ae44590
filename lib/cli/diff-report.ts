/** What `mqttrep diff` prints: for people, and for programs. Every value is bounded. */

import { isUtf8 } from 'node:buffer';
import type { Comparison, TopicDifference } from '../comparison/compare.ts';
import { type BrokerSnapshot, isSame, type RetainedState } from '../comparison/retained-state.ts';
import { printable, quoted } from '../core/printable.ts';
import { table } from '../terminal/table.ts';

export interface BrokerRead {
  readonly name: string;
  readonly state: 'read' | 'retains nothing' | 'not read';
  /** Why the broker was not read; '' if it was. */
  readonly reason: string;
}

/** Topics that are printed for people, unless --limit says otherwise. */
const DEFAULT_LIMIT = 100;

interface BrokerSummary {
  readonly name: string;
  /** Compared topics that it retains. */
  readonly retained: number;
  /** Diverging topics that it does not retain. */
  readonly missing: number;
  /** Diverging topics of which it retains another message than some other broker. */
  readonly differing: number;
  readonly unknown: number;
}

/** Of a payload, and of properties. */
const MAX_SHOWN_CHARACTERS = 60;

/**
 * @param limit topics that are printed
 * @param eventFilters filters whose topics are not compared
 */
export function diffText(
  brokers: readonly BrokerRead[],
  comparison: Comparison,
  limit: number = DEFAULT_LIMIT,
  eventFilters: readonly string[] = [],
): string {
  const { compared, diverging, unknown, incomplete } = comparison;
  const left = brokers.flatMap(({ name, state, reason }) => {
    if (state === 'not read') return [`${name} could not be read: ${printable(reason)}\n`];
    return state === 'read' ? [] : [`${name} retains no messages, and is not compared\n`];
  });
  const hidden = incomplete.map(
    name =>
      `${name} does not show everything that it retains: topics that only ${name} retains may be missing\n`,
  );
  const differences = [...diverging, ...unknown];
  const lines = differences.slice(0, limit).flatMap(topicLines);
  const more = differences.length - limit;
  return [
    ...lines,
    ...(more > 0 ? [`… and ${more} more (--limit shows more, --json all)\n`] : []),
    ...(differences.length > 0 ? ['\n', brokerTable(comparison), '\n'] : []),
    ...left,
    ...hidden,
    summary(compared, diverging, unknown),
    ...(eventFilters.length === 0 ? [] : [eventLine(eventFilters)]),
  ].join('');
}

function brokerTable({ brokers, diverging, unknown }: Comparison): string {
  const summaries = brokers.map(({ name, retained }): BrokerSummary => {
    const of = ({ snapshots }: TopicDifference) => snapshots.get(name);
    return {
      name,
      retained,
      missing: diverging.filter(difference => of(difference) === 'absent').length,
      differing: diverging.filter(
        difference => typeof of(difference) === 'object' && hasSeveralMessages(difference),
      ).length,
      unknown: [...diverging, ...unknown].filter(difference => of(difference) === 'unknown').length,
    };
  });
  return table([
    ['broker', 'retains', 'lacks', 'differs in', 'unknown'],
    ...summaries.map(({ name, ...counts }) => [name, ...Object.values(counts).map(String)]),
  ]);
}

function hasSeveralMessages({ snapshots }: TopicDifference): boolean {
  const [first, ...others] = [...snapshots.values()].filter(snapshot => typeof snapshot === 'object');
  return first !== undefined && others.some(other => !isSame(first, other));
}

function summary(
  compared: number,
  diverging: readonly TopicDifference[],
  unknown: readonly TopicDifference[],
): string {
  const topics = compared === 1 ? '1 topic was' : `${compared} topics were`;
  const differ =
    diverging.length === 0
      ? 'none differs'
      : `${diverging.length} ${diverging.length === 1 ? 'differs' : 'differ'}`;
  const doubt =
    unknown.length === 0 ? '' : `, ${unknown.length} unknown: a broker does not say what it retains`;
  return `${topics} compared: ${differ}${doubt}.\n`;
}

/** Filters that are named. */
const MAX_NAMED = 10;

function eventLine(filters: readonly string[]): string {
  const named = filters.slice(0, MAX_NAMED).map(filter => quoted(filter));
  const more = filters.length > MAX_NAMED ? ` and ${filters.length - MAX_NAMED} more` : '';
  return `Event topics were left out (${named.join(', ')}${more}): mqttrep delivers each of their messages, and does not keep their retained messages equal.\n`;
}

function topicLines({ topic, snapshots }: TopicDifference): string[] {
  const width = Math.max(...[...snapshots.keys()].map(name => name.length));
  const showsProperties = new Set([...snapshots.values()].map(valueText)).size === 1;
  const values = [...snapshots].map(([name, snapshot]) => {
    const properties = showsProperties && typeof snapshot === 'object' ? `  ${propertiesText(snapshot)}` : '';
    return `  ${name.padEnd(width)}  ${valueText(snapshot)}${properties}\n`;
  });
  return [`${quoted(topic)}\n`, ...values];
}

function valueText(snapshot: BrokerSnapshot): string {
  if (snapshot === 'absent') return '(nothing)';
  if (snapshot === 'unknown') return '(unknown)';
  const bytes = Buffer.from(snapshot.head, 'latin1');
  const text = isText(snapshot, bytes)
    ? quoted(bytes.toString(), MAX_SHOWN_CHARACTERS)
    : printable(`0x${bytes.toString('hex')}`, MAX_SHOWN_CHARACTERS);
  return text.includes('…') || snapshot.digest !== undefined ? `${text} (${snapshot.size} bytes)` : text;
}

/** The head of a long payload may end in the middle of a character. */
function isText({ digest }: RetainedState, bytes: Buffer): boolean {
  if (isUtf8(bytes)) return true;
  return digest !== undefined && [1, 2, 3].some(cut => isUtf8(bytes.subarray(0, -cut)));
}

function propertiesText({ properties }: RetainedState): string {
  if (properties === undefined) return 'properties unknown';
  return properties === '' ? 'no properties' : `properties ${printable(properties, MAX_SHOWN_CHARACTERS)}`;
}

/**
 * @param limit topics in each of the two lists; the numbers are always those of all
 * @param eventFilters filters whose topics are not compared
 */
export function diffJson(
  brokers: readonly BrokerRead[],
  comparison: Comparison,
  limit: number = Number.POSITIVE_INFINITY,
  eventFilters: readonly string[] = [],
): object {
  const { compared, diverging, unknown, incomplete } = comparison;
  return {
    equal:
      diverging.length === 0 && unknown.length === 0 && brokers.every(({ state }) => state !== 'not read'),
    brokers: brokers.map(({ name, state, reason }) => ({ name, state, ...(reason && { reason }) })),
    cut: incomplete,
    eventFilters,
    compared,
    divergingTopics: diverging.length,
    unknownTopics: unknown.length,
    diverging: diverging.slice(0, limit).map(differenceJson),
    unknown: unknown.slice(0, limit).map(differenceJson),
  };
}

function differenceJson({ topic, snapshots }: TopicDifference): object {
  return {
    topic,
    brokers: Object.fromEntries([...snapshots].map(([name, snapshot]) => [name, snapshotJson(snapshot)])),
  };
}

function snapshotJson(snapshot: BrokerSnapshot): object | string {
  if (typeof snapshot === 'string') return snapshot;
  const { head, size, digest, properties } = snapshot;
  const bytes = Buffer.from(head, 'latin1');
  return {
    size,
    ...(isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }),
    ...(digest === undefined ? {} : { sha256: digest }),
    properties: properties === undefined ? null : properties,
  };
}
