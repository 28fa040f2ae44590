/** The settings of event topics: `MQTTREP_EVENT_{key}`. */

import { BOOLEAN, inBytes, setting } from './setting.ts';
import { parseBoolean, parseBytes, parseUpTo, parseWhole, wordParser } from './values.ts';

/** A smaller queue has no room for a few segments. */
const MIN_EVENT_BYTES = 2 ** 20;
const MAX_EVENT_BYTES = 2 ** 40;
/** The longest time between two fsyncs; acknowledgements wait for it. */
const MAX_EVENT_SYNC_MS = 10_000;
/** MQTT has four bytes for it, and the largest value means for ever. */
const MAX_EVENT_SESSION_S = 0xffff_fffe;
const MAX_EVENT_HOPS = 16;

export const EVENT_SETTINGS = {
  bytes: setting<number>({
    key: 'EVENT_BYTES',
    value: 'bytes from 1 MB to 1 TB, such as `1073741824` or `1G`',
    parse: text => parseBytes(text, MIN_EVENT_BYTES, MAX_EVENT_BYTES),
    default: '1G',
    help: 'The size of the queue of events on disk, all brokers together. With `MQTTREP_STORE=memory` it has at most 64 MB.',
    reload: 'applied',
    show: inBytes,
  }),
  full: setting<'oldest' | 'hold'>({
    key: 'EVENT_FULL',
    value: '`oldest` or `hold`',
    parse: wordParser(['oldest', 'hold'] as const, 'way to handle a full queue'),
    default: 'oldest',
    help: 'When the queue of events is full: drop the oldest ones, or acknowledge none until there is room. Then their brokers queue, and drop by their own rules.',
    reload: 'applied',
  }),
  sync: setting<number>({
    key: 'EVENT_SYNC',
    value: `milliseconds from 0 to ${MAX_EVENT_SYNC_MS}`,
    parse: text => parseUpTo(text, MAX_EVENT_SYNC_MS),
    default: '0',
    help: 'The least time between two writes of events to the disk; 50 for an SD card. It delays acknowledgements, and weakens nothing.',
    reload: 'applied',
    show: milliseconds => `${milliseconds} ms`,
  }),
  session: setting<number>({
    key: 'EVENT_SESSION',
    value: `seconds from 1 to ${MAX_EVENT_SESSION_S}`,
    parse: text => parseWhole(text, MAX_EVENT_SESSION_S),
    default: '86400',
    help: 'How long a broker keeps events for mqttrep while it is away (MQTT 5).',
    reload: 'restart',
    show: seconds => `${seconds} s`,
  }),
  hops: setting<number>({
    key: 'EVENT_HOPS',
    value: `a number from 1 to ${MAX_EVENT_HOPS}`,
    parse: text => parseWhole(text, MAX_EVENT_HOPS),
    default: '8',
    help: 'The number of replicators that an event may pass (MQTT 5).',
    reload: 'applied',
  }),
  tree: setting<boolean>({
    key: 'EVENT_TREE',
    value: BOOLEAN,
    parse: parseBoolean,
    default: 'false',
    help: 'If true, you state that brokers and replicators form a tree. Else mqttrep delivers no events to an MQTT 3.1.1 broker where another replicator does.',
    reload: 'restart',
  }),
} as const;
