/** The settings of the event queue, `MQTTREP_EVENT_…`, and the values of event topics. */

import type { TopicMode } from '../core/topic-modes.ts';
import type { Parsed } from './problems.ts';
import { setting } from './setting.ts';
import { parseBoolean, parseBytes, parseSeconds, wordParser } from './values.ts';

export const TOPIC_MODES: readonly TopicMode[] = ['state', 'event'];

/** What happens if the queue is full. */
export type FullQueue = 'oldest' | 'hold';
const FULL_QUEUE: readonly FullQueue[] = ['oldest', 'hold'];

/** Two segments of the log. */
const MIN_QUEUE_BYTES = 128 * 2 ** 20;
const MAX_QUEUE_BYTES = 2 ** 40;
const MAX_EXPIRY_S = 1_000_000_000;
const MAX_SYNC_MS = 10_000;
/** MQTT 5 has four bytes, and the largest number means for ever. */
const MAX_SESSION_S = 0xffff_ffff;
const MAX_HOPS = 16;

export function parseEventExpiry(text: string): Parsed<number> {
  return text === '0' ? { value: 0 } : parseSeconds(text, 1, MAX_EXPIRY_S);
}

function parseNumber(text: string, least: number, most: number): Parsed<number> {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { value };
  return {
    problem: `${JSON.stringify(text)} is not a whole number from ${least} to ${most}`,
    fix: `write digits only, such as ${Math.max(least, 1)}`,
  };
}

export const EVENT_SETTINGS = {
  bytes: setting<number>({
    key: 'EVENT_BYTES',
    value: 'bytes from 128 MB to 1 TB, such as `1073741824` or `1G`',
    parse: text => parseBytes(text, MIN_QUEUE_BYTES, MAX_QUEUE_BYTES),
    default: String(2 ** 30),
    help: 'The size of the event queue on disk, for all brokers together.',
    reload: 'applied',
    show: bytes => `${bytes} bytes`,
  }),
  full: setting<FullQueue>({
    key: 'EVENT_FULL',
    value: '`oldest` or `hold`',
    parse: wordParser(FULL_QUEUE, 'way to treat a full queue'),
    default: 'oldest',
    help: 'If the event queue is full: `oldest` drops the oldest events; `hold` acknowledges nothing until there is room, so the brokers queue.',
    reload: 'applied',
  }),
  sync: setting<number>({
    key: 'EVENT_SYNC',
    value: `milliseconds from 0 to ${MAX_SYNC_MS}`,
    parse: text => parseNumber(text, 0, MAX_SYNC_MS),
    default: '0',
    help: 'The least time between two writes of the event queue to the disk. It delays acknowledgements and weakens nothing; 50 spares an SD card.',
    reload: 'applied',
    show: milliseconds => `${milliseconds} ms`,
  }),
  session: setting<number>({
    key: 'EVENT_SESSION',
    value: `seconds from 1 to ${MAX_SESSION_S}`,
    parse: text => parseNumber(text, 1, MAX_SESSION_S),
    default: '86400',
    help: 'How long a broker with MQTT 5 keeps events for mqttrep while mqttrep is away.',
    reload: 'applied',
    show: seconds => `${seconds} s`,
  }),
  hops: setting<number>({
    key: 'EVENT_HOPS',
    value: `a number from 1 to ${MAX_HOPS}`,
    parse: text => parseNumber(text, 1, MAX_HOPS),
    default: '8',
    help: 'How many replicators an event may pass (MQTT 5).',
    reload: 'applied',
  }),
  isTree: setting<boolean>({
    key: 'EVENT_TREE',
    value: '`true` or `false`',
    parse: parseBoolean,
    default: 'false',
    help: 'Whether several replicators form a tree, so that no event can return. Only then several of them deliver events at one broker over MQTT 3.1.1.',
    reload: 'applied',
  }),
} as const;
