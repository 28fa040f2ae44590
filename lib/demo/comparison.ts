/** Whether the brokers hold the same, which is all that mqttrep promises. */

import type { EmbeddedBroker } from './embedded-broker.ts';
import { pause } from './pause.ts';
import { SITES, type SiteName } from './sites.ts';

/** By site what its broker retains: topic → payload. */
export type Retained = ReadonlyMap<SiteName, ReadonlyMap<string, string>>;

/** How often the brokers are looked at, in milliseconds. */
const PERIOD = 10;

async function retainedAt(brokers: ReadonlyMap<SiteName, EmbeddedBroker>): Promise<Retained> {
  const entries = [...brokers].map(async ([site, broker]) => [site, await broker.retained()] as const);
  return new Map(await Promise.all(entries));
}

/** The topics that are not the same everywhere, sorted. */
export function divergingTopics(retained: Retained): string[] {
  const topics = new Set(SITES.flatMap(site => [...(retained.get(site)?.keys() ?? [])]));
  const differs = (topic: string) => new Set(SITES.map(site => retained.get(site)?.get(topic))).size > 1;
  return [...topics].filter(differs).sort();
}

/** Looks until the brokers are equal, the limit in milliseconds is over, or `signal`. Returns what they then hold. */
export async function untilEqual(
  brokers: ReadonlyMap<SiteName, EmbeddedBroker>,
  limit: number,
  signal?: AbortSignal,
): Promise<Retained> {
  const deadline = performance.now() + limit;
  for (;;) {
    const retained = await retainedAt(brokers);
    const over = performance.now() >= deadline || signal?.aborted === true;
    if (over || divergingTopics(retained).length === 0) return retained;
    await pause(PERIOD, signal);
  }
}
