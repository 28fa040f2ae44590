/** Compares what clients wrote at each broker with what readers got at each broker. */

import type { Payloads } from './event-plan.ts';

export interface Written {
  readonly topic: string;
  readonly payload: string;
}

export interface EventVerdict {
  readonly written: number;
  /** Events that a broker acknowledged and that a reader at some broker lacks. */
  readonly lost: number;
  /** First copies that came behind a later event of the same origin and topic. Only of distinct payloads. */
  readonly disordered: number;
  /** The same, by the site of the writer. */
  readonly disorderedFrom: ReadonlyMap<string, number>;
  /** Copies beyond the first; at the broker of the writer, beyond its own. */
  readonly doubled: number;
  /** Each event that is wrong. */
  readonly examples: readonly string[];
}

/**
 * @param written by site, in their order; acknowledged
 * @param unacknowledged by site: these may have arrived or not
 * @param read by site, in their order
 */
export function judge(
  payloads: Payloads,
  written: ReadonlyMap<string, readonly Written[]>,
  unacknowledged: ReadonlyMap<string, readonly Written[]>,
  read: ReadonlyMap<string, readonly Written[]>,
): EventVerdict {
  const examples: string[] = [];
  const expected = counted([...written.values()].flat());
  const permitted = counted([...written.values(), ...unacknowledged.values()].flat());
  const disorderedFrom = new Map<string, number>();
  let [lost, doubled] = [0, 0];
  for (const [site, messages] of read) {
    const copies = counted(messages);
    for (const [key, count] of expected) {
      const missing = count - (copies.get(key) ?? 0);
      if (missing > 0) examples.push(`lost at ${site}: ${key}`);
      lost += Math.max(0, missing);
    }
    for (const [key, count] of copies) {
      const more = count - (permitted.get(key) ?? 0);
      if (more > 0) examples.push(`doubled at ${site}: ${key}`);
      doubled += Math.max(0, more);
    }
    if (payloads === 'equal') continue;
    for (const { writer, wrong } of disorderedOf(messages)) {
      examples.push(`${site}: ${wrong}`);
      disorderedFrom.set(writer, (disorderedFrom.get(writer) ?? 0) + 1);
    }
  }
  const disordered = [...disorderedFrom.values()].reduce((total, count) => total + count, 0);
  const sum = [...written.values()].reduce((total, { length }) => total + length, 0);
  return { written: sum, lost, disordered, disorderedFrom, doubled, examples };
}

/** First copies that came behind a later event. A payload is its writer and a number that ascends. */
function disorderedOf(messages: readonly Written[]): { readonly writer: string; readonly wrong: string }[] {
  const found: { writer: string; wrong: string }[] = [];
  const seen = new Set<string>();
  const last = new Map<string, number>();
  for (const { topic, payload } of messages) {
    const key = `${topic} ${payload}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const [writer = '', number = ''] = payload.split('-');
    const before = last.get(`${topic} ${writer}`) ?? -1;
    if (Number(number) < before) found.push({ writer, wrong: `${key} came behind ${before}` });
    else last.set(`${topic} ${writer}`, Number(number));
  }
  return found;
}

function counted(messages: readonly Written[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topic, payload } of messages) {
    const key = `${topic} ${payload}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
