/** Compares what the brokers retain: mqttrep promises that they end equal. */

import type { EmbeddedBroker } from './embedded-broker.ts';
import { pause } from './pause.ts';
import { SITES, type SiteName } from './sites.ts';

/** What the broker of each site retains: topic → payload. */
export type Retained = ReadonlyMap<SiteName, ReadonlyMap<string, string>>;

const COMPARE_PERIOD_MS = 10;

async function retainedAt(brokers: ReadonlyMap<SiteName, EmbeddedBroker>): Promise<Retained> {
  const entries = [...brokers].map(async ([site, broker]) => [site, await broker.retained()] as const);
  return new Map(await Promise.all(entries));
}

/** The topics in which the brokers differ, sorted. */
export function divergingTopics(retained: Retained): string[] {
  const topics = new Set(SITES.flatMap(site => [...(retained.get(site)?.keys() ?? [])]));
  const differs = (topic: string) => new Set(SITES.map(site => retained.get(site)?.get(topic))).size > 1;
  return [...topics].filter(differs).sort();
}

/** Compares until the brokers are equal, `timeoutMs` has passed, or `signal` aborts. Returns what they retain then. */
export async function untilEqual(
  brokers: ReadonlyMap<SiteName, EmbeddedBroker>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Retained> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const retained = await retainedAt(brokers);
    const isOver = performance.now() >= deadline || signal?.aborted === true;
    if (isOver || divergingTopics(retained).length === 0) return retained;
    await pause(COMPARE_PERIOD_MS, signal);
  }
}
