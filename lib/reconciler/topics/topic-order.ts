/**
 * The order in which topics are shown: by their names, level by level. A topic stands right before the topics beneath it, and these
 * stand together. The order of characters alone would not ensure that: `-` comes before `/`.
 */

const SLASH = 0x2f;

/** Negative where `a` comes first. */
export function compareTopics(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    if (left === SLASH) return -1;
    return right === SLASH ? 1 : left - right;
  }
  return a.length - b.length;
}

/** The first index, from `from` on, at which `isPast` holds. It must hold for all indexes after that. */
export function firstPast(
  topics: readonly string[],
  from: number,
  isPast: (topic: string) => boolean,
): number {
  // The strides double: the index is often near.
  let low = from;
  let stride = 1;
  while (low + stride <= topics.length && !isPast(topics[low + stride - 1] ?? '')) {
    low += stride;
    stride *= 2;
  }
  let high = Math.min(low + stride - 1, topics.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isPast(topics[middle] ?? '')) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where the topics beneath a prefix begin and end. */
export function rangeBeneath(topics: readonly string[], prefix: string): { start: number; end: number } {
  const start = firstPast(topics, 0, topic => compareTopics(topic, prefix) >= 0);
  return { start, end: firstPast(topics, start, topic => !topic.startsWith(prefix)) };
}
