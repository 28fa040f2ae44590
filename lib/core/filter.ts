/**
 * Topic names and topic filters, as MQTT 5 §4.7 defines them.
 *
 * Levels are separated by `/`. `+` stands for one level, `#` for the parent and all levels below it. Names are never turned
 * into regular expressions or property paths, so the name of a topic cannot do harm.
 */

/** Why a string is not a topic filter (MQTT 5 §4.7.1); undefined if it is one. */
export function filterFault(filter: string): string | undefined {
  if (filter.length === 0) return 'it is empty';
  if (filter.includes('\0')) return 'it holds the character U+0000';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#')) {
      if (level !== '#') return '`#` must stand alone in its level';
      if (index !== levels.length - 1) return '`#` must be the last level';
    }
    if (level.includes('+') && level !== '+') return '`+` must stand alone in its level';
  }
  return undefined;
}

/** The filter must be valid. */
export function hasWildcards(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/** Whether a topic matches a filter. A wildcard in the first level does not match a topic that begins with `$` (§4.7.2). */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  let at = 0;
  for (let index = 0; index < filter.length; index++) {
    const character = filter.charCodeAt(index);
    if (character === HASH) return true;
    if (character === PLUS) {
      const end = topic.indexOf('/', at);
      at = end < 0 ? topic.length : end;
    } else if (at === topic.length) {
      // `a/#` matches `a` too.
      return filter.length - index === 2 && filter.endsWith('/#');
    } else if (topic.charCodeAt(at++) !== character) return false;
  }
  return at === topic.length;
}

const HASH = 0x23;
const PLUS = 0x2b;

/** Whether every topic that matches `narrow` also matches `broad`. */
export function covers(broad: string, narrow: string): boolean {
  if (narrow.startsWith('$') && !broad.startsWith('$')) return false;
  return coversLevels(broad.split('/'), narrow.split('/'));
}

function coversLevels(broad: readonly string[], narrow: readonly string[]): boolean {
  for (const [index, level] of broad.entries()) {
    if (level === '#') return true;
    const other = narrow[index];
    if (other === undefined || other === '#') return false;
    if (level !== '+' && level !== other) return false;
  }
  return broad.length === narrow.length;
}

/**
 * Sorts filters from the most specific to the broadest. They are compared level by level: a literal comes before `+`, `+` before
 * the end of the filter, and the end before `#`.
 */
export function bySpecificity(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = breadth(left[index]) - breadth(right[index]);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function breadth(level: string | undefined): number {
  if (level === undefined) return 2;
  if (level === '+') return 1;
  return level === '#' ? 3 : 0;
}

/**
 * The last level of topics by which mqttrep proves that it can read. mqttrep publishes a message there. The message comes back
 * if mqttrep can read there.
 */
export const READ_PROBE_LEVEL = 'mqttrep-read-probe';

/** The discovery messages of mqttrep's own device for Home Assistant begin with this. */
export const OWN_DISCOVERY = 'homeassistant/device/mqttrep_';

/** All levels of a topic but the last one, with the `/` at their end; empty if the topic has only one level. */
export function parentOf(topic: string): string {
  return topic.slice(0, topic.lastIndexOf('/') + 1);
}

/**
 * Whether a topic may be replicated at all. Two kinds of topics may not: topics of the broker itself (`$…`, `ActiveMQ/…`), and
 * topics of mqttrep (control topics, read probes, and its device for Home Assistant).
 */
export function isReplicable(topic: string, controlPrefix: string): boolean {
  return !(
    topic.length === 0 ||
    topic.startsWith('$') ||
    topic.startsWith('ActiveMQ/') ||
    topic.startsWith(OWN_DISCOVERY) ||
    topic === controlPrefix ||
    topic.startsWith(`${controlPrefix}/`) ||
    topic === READ_PROBE_LEVEL ||
    topic.endsWith(`/${READ_PROBE_LEVEL}`)
  );
}
