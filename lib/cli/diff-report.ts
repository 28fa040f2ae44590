/** What `mqttrep diff` prints: for people, and for programs. Every value is bounded. */

import { isUtf8 } from 'node:buffer';
import type { Comparison, TopicDifference } from '../comparison/compare.ts';
import type { BrokerSnapshot, RetainedState } from '../comparison/retained-state.ts';
import { printable, quoted } from '../core/printable.ts';

export interface BrokerRead {
  readonly name: string;
  readonly state: 'read' | 'retains nothing' | 'not read';
  /** Why it was not read. */
  readonly reason: string;
}

/** Characters of a payload, and of properties, that are printed. */
const SHOWN = 60;

export function diffText(brokers: readonly BrokerRead[], comparison: Comparison): string {
  const { compared, diverging, unknown, incomplete } = comparison;
  const left = brokers.flatMap(({ name, state, reason }) => {
    if (state === 'not read') return [`${name} could not be read: ${printable(reason)}\n`];
    return state === 'read' ? [] : [`${name} retains no messages, and is left out\n`];
  });
  const hidden = incomplete.map(
    name => `${name} does not show all that it retains: topics that it alone retains may be missing\n`,
  );
  const lines = [...diverging, ...unknown].flatMap(topicLines);
  return [
    ...lines,
    ...(lines.length > 0 ? ['\n'] : []),
    ...left,
    ...hidden,
    summary(compared, diverging, unknown),
  ].join('');
}

function summary(
  compared: number,
  diverging: readonly TopicDifference[],
  unknown: readonly TopicDifference[],
): string {
  const topics = compared === 1 ? '1 topic was' : `${compared} topics were`;
  const differ = diverging.length === 0 ? 'none differs' : `${diverging.length} differ`;
  const doubt =
    unknown.length === 0 ? '' : `, ${unknown.length} unknown: a broker does not say what it retains`;
  return `${topics} compared: ${differ}${doubt}.\n`;
}

function topicLines({ topic, snapshots }: TopicDifference): string[] {
  const width = Math.max(...[...snapshots.keys()].map(name => name.length));
  const showsProperties = new Set([...snapshots.values()].map(valueText)).size === 1;
  const values = [...snapshots].map(([name, look]) => {
    const properties = showsProperties && typeof look === 'object' ? `  ${propertiesText(look)}` : '';
    return `  ${name.padEnd(width)}  ${valueText(look)}${properties}\n`;
  });
  return [`${quoted(topic)}\n`, ...values];
}

function valueText(look: BrokerSnapshot): string {
  if (look === 'absent') return '(nothing)';
  if (look === 'unknown') return '(unknown)';
  const bytes = Buffer.from(look.head, 'latin1');
  const text = isText(look, bytes)
    ? quoted(bytes.toString(), SHOWN)
    : printable(`0x${bytes.toString('hex')}`, SHOWN);
  return text.includes('…') || look.digest !== undefined ? `${text} (${look.size} bytes)` : text;
}

/** Of a long payload the head may end within a character. */
function isText({ digest }: RetainedState, bytes: Buffer): boolean {
  if (isUtf8(bytes)) return true;
  return digest !== undefined && [1, 2, 3].some(cut => isUtf8(bytes.subarray(0, -cut)));
}

function propertiesText({ properties }: RetainedState): string {
  if (properties === undefined) return 'properties unknown';
  return properties === '' ? 'no properties' : `properties ${printable(properties, SHOWN)}`;
}

export function diffJson(brokers: readonly BrokerRead[], comparison: Comparison): object {
  const { compared, diverging, unknown, incomplete } = comparison;
  return {
    equal:
      diverging.length === 0 && unknown.length === 0 && brokers.every(({ state }) => state !== 'not read'),
    brokers: brokers.map(({ name, state, reason }) => ({ name, state, ...(reason && { reason }) })),
    cut: incomplete,
    compared,
    diverging: diverging.map(differenceJson),
    unknown: unknown.map(differenceJson),
  };
}

function differenceJson({ topic, snapshots }: TopicDifference): object {
  return {
    topic,
    brokers: Object.fromEntries([...snapshots].map(([name, look]) => [name, snapshotJson(look)])),
  };
}

function snapshotJson(look: BrokerSnapshot): object | string {
  if (typeof look === 'string') return look;
  const { head, size, digest, properties } = look;
  const bytes = Buffer.from(head, 'latin1');
  return {
    size,
    ...(isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }),
    ...(digest === undefined ? {} : { sha256: digest }),
    properties: properties === undefined ? null : properties,
  };
}
