/** Changes how Aedes replays retained messages: how many, how fast, and in which order. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

interface Replays {
  createRetainedStreamCombi(filters: readonly string[]): AsyncIterable<unknown>;
}

export function cutReplays(persistence: unknown, limit: number): void {
  const replays = persistence as Replays;
  const whole = replays.createRetainedStreamCombi.bind(replays);
  replays.createRetainedStreamCombi = filters =>
    Readable.from(
      cut(
        whole,
        filters.filter(isWild),
        limit,
        filters.filter(filter => !isWild(filter)),
      ),
    );
}

export function replayOne(persistence: unknown): void {
  const replays = persistence as Replays;
  const whole = replays.createRetainedStreamCombi.bind(replays);
  replays.createRetainedStreamCombi = filters => {
    const wild = filters.filter(isWild);
    return wild.length === 0 ? whole(filters) : Readable.from(firstOf(whole(wild)));
  };
}

async function* firstOf(packets: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const packet of packets) {
    yield packet;
    return;
  }
}

export function slowReplays(persistence: unknown, gap: number, delay: number): void {
  const replays = persistence as Replays;
  const quick = replays.createRetainedStreamCombi.bind(replays);
  replays.createRetainedStreamCombi = filters => Readable.from(slowed(quick(filters), gap, delay));
}

export function reverseReplays(persistence: unknown): void {
  const replays = persistence as Replays;
  const ordered = replays.createRetainedStreamCombi.bind(replays);
  replays.createRetainedStreamCombi = filters => ordered(filters.toReversed());
}

export function mixReplays(persistence: unknown): void {
  const replays = persistence as Replays;
  const ordered = replays.createRetainedStreamCombi.bind(replays);
  replays.createRetainedStreamCombi = filters => Readable.from(mixed(ordered, filters));
}

async function* cut(
  whole: Replays['createRetainedStreamCombi'],
  wild: readonly string[],
  limit: number,
  exact: readonly string[],
): AsyncGenerator<unknown> {
  let shown = 0;
  if (wild.length > 0) for await (const packet of whole(wild)) if (shown++ < limit) yield packet;
  if (exact.length > 0) yield* whole(exact);
}

async function* slowed(packets: AsyncIterable<unknown>, gap: number, delay: number): AsyncGenerator<unknown> {
  await wait(delay);
  for await (const packet of packets) {
    await wait(gap);
    yield packet;
  }
}

async function* mixed(
  ordered: Replays['createRetainedStreamCombi'],
  filters: readonly string[],
): AsyncGenerator<unknown> {
  const exact = filters.filter(filter => !isWild(filter));
  const hashes = new Map(exact.map(filter => [filter, createHash('md5').update(filter).digest('hex')]));
  const byHash = (a: string, b: string) => ((hashes.get(a) ?? '') < (hashes.get(b) ?? '') ? -1 : 1);
  yield* ordered(exact.toSorted(byHash));
  const wild = filters.filter(isWild);
  if (wild.length === 0) return;
  await wait(20);
  yield* ordered(wild);
}

function isWild(filter: string): boolean {
  return /[+#]/.test(filter);
}
