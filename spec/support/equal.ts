/** The one promise of the software, as an assertion: every broker holds the same. */

import { type EventuallyOptions, eventually } from './eventually.ts';
import { type Retained, retainedOf } from './retained-of.ts';

const shownTopics = 10;
const shownCharacters = 80;

export interface EqualOptions extends EventuallyOptions {
  /** Which topics must be equal; default `#`. */
  readonly filter?: string;
}

/** Resolves once all brokers hold the same retained messages; else tells which topics differ, and how. */
export async function expectEqualBrokers(
  urls: readonly string[],
  { filter = '#', ...limit }: EqualOptions = {},
): Promise<void> {
  await eventually(async () => {
    const brokers = await Promise.all(
      urls.map(async url => ({ url, retained: await retainedOf(url, filter) })),
    );
    const topics = differingTopics(brokers.map(({ retained }) => retained));
    if (topics.length > 0) throw new Error(difference(topics, brokers));
  }, limit);
}

/** The topics that are not held alike by all, in order. */
function differingTopics(brokers: readonly Retained[]): string[] {
  const topics = new Set(brokers.flatMap(retained => [...retained.keys()]));
  const differs = (topic: string) => new Set(brokers.map(retained => retained.get(topic))).size > 1;
  return [...topics].filter(differs).sort();
}

function difference(
  topics: readonly string[],
  brokers: readonly { readonly url: string; readonly retained: Retained }[],
): string {
  const shown = topics
    .slice(0, shownTopics)
    .flatMap(topic => [
      `  ${topic}`,
      ...brokers.map(({ url, retained }) => `    ${url}  ${abridged(retained.get(topic))}`),
    ]);
  const more = topics.length > shownTopics ? [`  and ${topics.length - shownTopics} more`] : [];
  return [`the brokers differ in ${topics.length} topics:`, ...shown, ...more].join('\n');
}

function abridged(payload: string | undefined): string {
  if (payload === undefined) return '(none)';
  const text = JSON.stringify(payload);
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}… (${payload.length})` : text;
}
