/** Pages of topics, and levels of the topic tree: which topics are on a page, and how many there are in all. */

import { matches } from '../../core/filter.ts';
import type { TopicQuery } from '../../protocol/requests.ts';
import type { Work } from './slices.ts';
import { compareTopics, firstPast, rangeBeneath } from './topic-order.ts';

/** Topics that are checked before the time is checked. */
const STRIDE = 256;

/** Milliseconds after which a page is returned as it is, and counting is given up. */
const PAGE_TIMEOUT_MS = 300;

export interface Page {
  readonly topics: readonly string[];
  readonly matching: number | null;
  readonly next: string | null;
}

/** @param isListed whether a topic is still in the list */
export function* pageOf(
  sorted: readonly string[],
  { filter, after, limit }: Pick<TopicQuery, 'filter' | 'after' | 'limit'>,
  isListed: (topic: string) => boolean,
): Work<Page> {
  const end = performance.now() + PAGE_TIMEOUT_MS;
  const { start, past, isMatch } = candidates(sorted, filter);
  const page: string[] = [];
  let next: string | null = null;
  let at = after === null ? start : firstPast(sorted, start, topic => compareTopics(topic, after) > 0);
  for (; at < past; at++) {
    const topic = sorted[at] ?? '';
    if (page.length === limit || (at % STRIDE === 0 && performance.now() > end)) {
      next = sorted[at - 1] ?? null;
      break;
    }
    if (isMatch(topic) && isListed(topic)) page.push(topic);
    if (at % STRIDE === 0) yield;
  }
  if (filter === '') return { topics: page, matching: sorted.length, next };
  let matching = 0;
  for (let index = start; index < past; index++) {
    if (isMatch(sorted[index] ?? '')) matching++;
    if (index % STRIDE !== 0) continue;
    if (performance.now() > end) return { topics: page, matching: null, next };
    yield;
  }
  return { topics: page, matching, next };
}

interface Candidates {
  readonly start: number;
  readonly past: number;
  readonly isMatch: (topic: string) => boolean;
}

/** The topics that a filter with a literal beginning can match stand together. */
function candidates(sorted: readonly string[], filter: string): Candidates {
  const all = { start: 0, past: sorted.length };
  const levels = filter.split('/');
  const wildcard = levels.findIndex(level => level === '+' || level === '#');
  if (wildcard < 0) {
    const part = filter.toLowerCase();
    return { ...all, isMatch: part === '' ? () => true : topic => topic.toLowerCase().includes(part) };
  }
  const isMatch = (topic: string) => matches(filter, topic);
  if (wildcard === 0) return { ...all, isMatch };
  const parent = levels.slice(0, wildcard).join('/');
  const start = firstPast(sorted, 0, topic => compareTopics(topic, parent) >= 0);
  const past = firstPast(sorted, start, topic => topic !== parent && !topic.startsWith(`${parent}/`));
  return { start, past, isMatch };
}

export interface Level {
  readonly nodes: readonly LevelNode[];
  readonly size: number;
  readonly next: string | null;
}

export interface LevelNode {
  readonly name: string;
  /** Whether a topic ends here. */
  readonly isTopic: boolean;
  /** Topics beneath. */
  readonly beneath: number;
  readonly diverging: number;
}

/** The nodes directly beneath `under`, which is empty or ends in a `/`. */
export function* levelOf(
  sorted: readonly string[],
  diverging: readonly string[],
  { under, after, limit }: { readonly under: string; readonly after: string | null; readonly limit: number },
): Work<Level> {
  const { start, end } = rangeBeneath(sorted, under);
  const nodes: LevelNode[] = [];
  let size = 0;
  let isMore = false;
  for (let at = start; at < end; ) {
    const topic = sorted[at] ?? '';
    const slash = topic.indexOf('/', under.length);
    const name = slash < 0 ? topic.slice(under.length) : topic.slice(under.length, slash);
    const prefix = `${under}${name}/`;
    const first = slash < 0 ? at + 1 : at;
    const past = firstPast(sorted, first, other => !other.startsWith(prefix));
    if (after === null || compareTopics(name, after) > 0) {
      if (nodes.length < limit) {
        const range = rangeBeneath(diverging, prefix);
        nodes.push({ name, isTopic: slash < 0, beneath: past - first, diverging: range.end - range.start });
      } else {
        isMore = true;
      }
    }
    at = past;
    if (++size % STRIDE === 0) yield;
  }
  return { nodes, size, next: isMore ? (nodes.at(-1)?.name ?? null) : null };
}
