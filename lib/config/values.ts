/**
 * What the texts of single variables may be read as. Stricter than the first version, which took `yes` for
 * false and `12 hours` for 12: a value that is not understood is an error here, never a guess.
 */

import type { QoS } from '../core/policy.ts';
import type { DeletionBound, StorePlace } from '../protocol/settings.ts';
import { LOG_LEVELS, type LogConfig, type LogLevel } from './config.ts';
import { nearest } from './nearest.ts';
import type { Parsed } from './problems.ts';
import { show } from './problems.ts';
import { storePlaceOf } from './store-place.ts';

/** Hz. The samples of a state that changes more often than this would not be told apart. */
const HIGHEST_FREQUENCY = 1000;
/** Hz. One in some eleven days; the period of a lower one would not fit into a timer of Node.js. */
const LOWEST_FREQUENCY = 1e-6;
/** Seconds, some thirty years. Longer is better said by 0, for ever. */
const LONGEST_TTL = 1e9;
/** Seconds. Times are kept in milliseconds, and a fraction of one must not become 0, for ever. */
const SHORTEST_TTL = 0.001;

const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off'];
const DECIMAL = /^\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const LOG_FORMATS: readonly LogConfig['format'][] = ['text', 'json'];

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
  return { problem: `${show(text)} is no quality of service of MQTT`, fix: 'write 0, 1 or 2' };
}

/** Seconds: 0 for ever, else a decimal number from `SHORTEST_TTL` to `LONGEST_TTL`. */
export function parseTtl(text: string): Parsed<number> {
  const seconds = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (seconds === 0 || (seconds >= SHORTEST_TTL && seconds <= LONGEST_TTL)) return { value: seconds };
  return {
    problem: `${show(text)} is no time to live`,
    fix: `write seconds as a number alone: 0 for ever, else from ${SHORTEST_TTL} to ${LONGEST_TTL}, such as 3600 or 0.5`,
  };
}

/** Hz, from `LOWEST_FREQUENCY` to `HIGHEST_FREQUENCY`. */
export function parseFrequency(text: string): Parsed<number> {
  const hertz = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (hertz >= LOWEST_FREQUENCY && hertz <= HIGHEST_FREQUENCY) return { value: hertz };
  return {
    problem: `${show(text)} is no frequency from ${LOWEST_FREQUENCY} to ${HIGHEST_FREQUENCY} Hz`,
    fix: 'write a number alone that is greater than 0, such as 1 for once a second or 0.1 for every ten seconds',
  };
}

/** A folder, or `memory`. */
export function parseStore(text: string): Parsed<StorePlace> {
  return { value: storePlaceOf(text) };
}

/** A topic name without wildcards, under which mqttrep may write; `off` for none. */
export function parseControlTopic(text: string): Parsed<ControlTopic> {
  if (text.toLowerCase() === 'off') return { value: { prefix: undefined } };
  if (/[+#\0]/.test(text) || text.startsWith('$') || text.startsWith('/') || text.endsWith('/')) {
    return {
      problem: `${show(text)} is no topic to put others under`,
      fix: 'write a topic name without wildcards, without $ in front and / at its ends, such as mqttrep, or off',
    };
  }
  return { value: { prefix: text } };
}

export interface ControlTopic {
  readonly prefix: string | undefined;
}

/** Seconds, from 1 to 1e6; `off` for never. */
export function parseScanPeriod(text: string): Parsed<number> {
  if (text.toLowerCase() === 'off') return { value: Number.POSITIVE_INFINITY };
  return parseSeconds(text, 1, 1e6);
}

/** Seconds, from 0 to 86400. */
export function parseMaxDrift(text: string): Parsed<number> {
  return parseSeconds(text, 0, 86_400);
}

/** Topics and percent, such as `10,5%`; `off` to believe any number of deletions. */
export function parseDeletionGuard(text: string): Parsed<DeletionBound> {
  if (text.toLowerCase() === 'off') return { value: { topics: Number.POSITIVE_INFINITY, percent: 0 } };
  const [, topics, percent] = /^(\d{1,9})\s*,\s*(\d{1,3}(?:\.\d+)?)\s*%$/.exec(text) ?? [];
  if (topics !== undefined && Number(percent) <= 100) {
    return { value: { topics: Number(topics), percent: Number(percent) } };
  }
  return {
    problem: `${show(text)} is no number of topics and a share from 0 to 100 %`,
    fix: 'write both, such as 10,5% to hold more than 10 deletions that are more than 5 % of a broker, or off',
  };
}

/** A whole number from 1 on. */
export function parseBound(text: string, most: number): Parsed<number> {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return { value };
  return {
    problem: `${show(text)} is no whole number from 1 to ${most}`,
    fix: 'write digits alone, such as 1000000',
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes: digits alone, or with one of the units K, M, G and T, powers of 1024, as in 512M or 2GiB. */
export function parseBytes(text: string, least: number, most: number): Parsed<number> {
  const [, digits = '', unit = ''] = /^(\d+)\s*([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const value = digits === '' ? Number.NaN : Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (value >= least && value <= most) return { value };
  return {
    problem: `${show(text)} is no number of bytes from ${least} to ${most}`,
    fix: 'write digits alone, or with a unit, such as 536870912 or 512M',
  };
}

function parseSeconds(text: string, least: number, most: number): Parsed<number> {
  const seconds = text === '0' ? 0 : DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (seconds >= least && seconds <= most) return { value: seconds };
  return {
    problem: `${show(text)} is no time from ${least} to ${most} s`,
    fix: 'write seconds as a number alone',
  };
}

/** error, warn, info or debug, in any case. */
export function parseLogLevel(text: string): Parsed<LogLevel> {
  return oneOf(text, LOG_LEVELS, 'log level');
}

/** text or json, in any case. */
export function parseLogFormat(text: string): Parsed<LogConfig['format']> {
  return oneOf(text, LOG_FORMATS, 'log format');
}

/** Names of brokers, comma separated; each must be known. Empty entries are passed over, but not all. */
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
      strangers.length === 1 ? `${subject} is the name of no broker` : `${subject} are names of no brokers`,
    fix: fixForNames(strangers, known),
  };
}

function fixForNames(strangers: readonly string[], known: readonly string[]): string {
  if (known.length === 0) return 'configure the brokers first, each by an MQTTREP_CLIENT_{name}';
  const hints = strangers.map(name => nearest(name, known)).filter(name => name !== undefined);
  if (hints.length === strangers.length) return `did you mean ${hints.join(', ')}?`;
  return `write names as in MQTTREP_CLIENT_{name}: ${known.join(', ')}`;
}

function oneOf<T extends string>(text: string, words: readonly T[], what: string): Parsed<T> {
  const value = words.find(word => word === text.toLowerCase());
  if (value !== undefined) return { value };
  const meant = nearest(text, words);
  const choice = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return {
    problem: `${show(text)} is no ${what}`,
    fix: meant === undefined ? `write ${choice}` : `write ${choice}; did you mean ${meant}?`,
  };
}
