/**
 * Parsers of the texts of single variables. They are stricter than the first version, which took `yes` for false and
 * `12 hours` for 12: a value that mqttrep does not understand is an error, never a guess.
 */

import type { QoS } from '../core/policy.ts';
import type { DeletionBound, StorePlace } from '../protocol/settings.ts';
import { nearest } from './nearest.ts';
import { type Parsed, show } from './problems.ts';
import { storePlaceOf } from './store-place.ts';

/** A state that changes more often than this loses most of its values between two ticks. */
const MAX_FREQUENCY_HZ = 1000;
/** A tick in some eleven days; a longer period does not fit into a timer of Node.js. */
const MIN_FREQUENCY_HZ = 1e-6;
/** Some thirty years. A user who wants longer writes 0, for ever. */
const MAX_TTL_S = 1e9;
/** Times are kept in milliseconds, and a fraction of one must not become 0, for ever. */
const MIN_TTL_S = 0.001;

const MIN_SCAN_PERIOD_S = 1;
const MAX_SCAN_PERIOD_S = 1e6;

const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off'];
const DECIMAL = /^\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** true, 1, yes, on; false, 0, no, off; in any case. */
export function parseBoolean(text: string): Parsed<boolean> {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return { value: true };
  if (FALSE.includes(word)) return { value: false };
  return { problem: `${show(text)} is neither true nor false`, fix: 'write true or false' };
}

/** 0, 1 or 2. */
export function parseQos(text: string): Parsed<QoS> {
  if (text === '0') return { value: 0 };
  if (text === '1') return { value: 1 };
  if (text === '2') return { value: 2 };
  return { problem: `${show(text)} is not a quality of service of MQTT`, fix: 'write 0, 1 or 2' };
}

/** Seconds until an undelivered event is dropped: 0 for never, else as a TTL. */
export function parseEventExpiry(text: string): Parsed<number> {
  const parsed = parseTtl(text);
  return 'value' in parsed
    ? parsed
    : { ...parsed, problem: `${show(text)} is not a time until events expire` };
}

/** Seconds: 0 for ever, else a decimal number from `MIN_TTL_S` to `MAX_TTL_S`. */
export function parseTtl(text: string): Parsed<number> {
  const seconds = decimal(text);
  if (seconds === 0 || (seconds >= MIN_TTL_S && seconds <= MAX_TTL_S)) return { value: seconds };
  return {
    problem: `${show(text)} is not a time to live`,
    fix: `write seconds as a number alone: 0 for ever, else from ${MIN_TTL_S} to ${MAX_TTL_S}, such as 3600 or 0.5`,
  };
}

/** Hz, from `MIN_FREQUENCY_HZ` to `MAX_FREQUENCY_HZ`. */
export function parseFrequency(text: string): Parsed<number> {
  const hertz = decimal(text);
  if (hertz >= MIN_FREQUENCY_HZ && hertz <= MAX_FREQUENCY_HZ) return { value: hertz };
  return {
    problem: `${show(text)} is not a frequency from ${MIN_FREQUENCY_HZ} to ${MAX_FREQUENCY_HZ} Hz`,
    fix: 'write a number alone that is greater than 0, such as 1 for once a second or 0.1 for every ten seconds',
  };
}

/** Names of brokers; `off` for none. Whether there are such brokers is checked later. */
export function parseHomeAssistant(text: string): Parsed<readonly string[]> {
  if (text.toLowerCase() === 'off') return { value: [] };
  const names = text.split(',').map(name => name.trim());
  return { value: names.filter(name => name !== '') };
}

/** A folder, or `memory`. */
export function parseStore(text: string): Parsed<StorePlace> {
  return { value: storePlaceOf(text) };
}

/** A topic name without wildcards, under which mqttrep may write; `off` (undefined) for none. */
export function parseControlTopic(text: string): Parsed<string | undefined> {
  if (text.toLowerCase() === 'off') return { value: undefined };
  if (/[+#\0]/.test(text) || text.startsWith('$') || text.startsWith('/') || text.endsWith('/')) {
    return {
      problem: `${show(text)} is not a topic that can have others under it`,
      fix: 'write a topic name without wildcards, without $ at its start and / at its ends, such as mqttrep, or off',
    };
  }
  return { value: text };
}

/** Seconds, from `MIN_SCAN_PERIOD_S` to `MAX_SCAN_PERIOD_S`; `off` (Infinity) for never. */
export function parseScanPeriod(text: string): Parsed<number> {
  if (text.toLowerCase() === 'off') return { value: Number.POSITIVE_INFINITY };
  return parseSeconds(text, MIN_SCAN_PERIOD_S, MAX_SCAN_PERIOD_S);
}

/** Topics and percent, such as `10,5%`; `off` (infinitely many topics) to trust any number of deletions. */
export function parseDeletionGuard(text: string): Parsed<DeletionBound> {
  if (text.toLowerCase() === 'off') return { value: { topics: Number.POSITIVE_INFINITY, percent: 0 } };
  const [, topics, percent] = /^(\d{1,9})\s*,\s*(\d{1,3}(?:\.\d+)?)\s*%$/.exec(text) ?? [];
  if (topics !== undefined && Number(percent) <= 100) {
    return { value: { topics: Number(topics), percent: Number(percent) } };
  }
  return {
    problem: `${show(text)} is not a number of topics and a share from 0 to 100 %`,
    fix: 'write both, such as 10,5% to hold more than 10 deletions that are more than 5 % of a broker, or off',
  };
}

/** A whole number from 1 to `most`. */
export function parseWhole(text: string, most: number): Parsed<number> {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return { value };
  return {
    problem: `${show(text)} is not a whole number from 1 to ${most}`,
    fix: 'write digits only, such as 1000000',
  };
}

/** A whole number from 0 to `most`. */
export function parseUpTo(text: string, most: number): Parsed<number> {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return { value };
  return {
    problem: `${show(text)} is not a whole number from 0 to ${most}`,
    fix: 'write digits only, such as 50',
  };
}

const BYTES_OF_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** Bytes: digits alone, or with one of the units K, M, G and T, powers of 1024, as in 512M or 2GiB. */
export function parseBytes(text: string, least: number, most: number): Parsed<number> {
  const [, digits = '', unit = ''] = /^(\d+)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const unitBytes = BYTES_OF_UNIT[unit.toLowerCase()] ?? Number.NaN;
  const value = digits === '' ? Number.NaN : Number(digits) * unitBytes;
  if (value >= least && value <= most) return { value };
  return {
    problem: `${show(text)} is not a number of bytes from ${least} to ${most}`,
    fix: 'write digits only, or digits and a unit, such as 536870912 or 512M',
  };
}

/** Seconds, as a decimal number. */
export function parseSeconds(text: string, least: number, most: number): Parsed<number> {
  const seconds = decimal(text);
  if (seconds >= least && seconds <= most) return { value: seconds };
  return {
    problem: `${show(text)} is not a time from ${least} to ${most} s`,
    fix: 'write seconds as a number alone',
  };
}

/** Names of brokers, separated by commas. Each must be known. Empty entries are ignored, but there must be a name. */
export function parseBrokerNames(text: string, known: readonly string[]): Parsed<readonly string[]> {
  const names = text
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  if (names.length === 0) {
    return {
      problem: `${show(text)} names no broker`,
      fix: 'write names of brokers, separated by commas, or remove the variable',
    };
  }
  const strangers = [...new Set(names)].filter(name => !known.includes(name));
  if (strangers.length === 0) return { value: [...new Set(names)] };
  const subject = strangers.map(show).join(', ');
  return {
    problem:
      strangers.length === 1 ? `no broker has the name ${subject}` : `no brokers have the names ${subject}`,
    fix: fixForNames(strangers, known),
  };
}

function fixForNames(strangers: readonly string[], known: readonly string[]): string {
  if (known.length === 0) return 'configure the brokers first';
  const hints = strangers.map(name => nearest(name, known)).filter(name => name !== undefined);
  if (hints.length === strangers.length) return `did you mean ${hints.join(', ')}?`;
  return `write names of brokers: ${known.join(', ')}`;
}

/** A parser of one of some words, in any case. */
export function wordParser<T extends string>(words: readonly T[], what: string): (text: string) => Parsed<T> {
  return text => {
    const value = words.find(word => word === text.toLowerCase());
    if (value !== undefined) return { value };
    const meant = nearest(text, words);
    const choice = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
    return {
      problem: `${show(text)} is not a ${what}`,
      fix: meant === undefined ? `write ${choice}` : `write ${choice}; did you mean ${meant}?`,
    };
  };
}

function decimal(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}
