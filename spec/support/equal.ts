/** The promise of mqttrep as an assertion: all brokers retain the same messages. */

import { type EventuallyOptions, eventually } from './eventually.ts';
import { type Retained, retainedOf } from './retained-of.ts';

const MAX_LISTED_TOPICS = 10;
const MAX_PAYLOAD_CHARACTERS = 80;

export interface EqualOptions extends EventuallyOptions {
  /** The topics that are compared; default `#`. */
  readonly filter?: string;
}

/** Resolves when all brokers retain the same messages; rejects with the topics that differ. */
export async function expectEqualBrokers(
  urls: readonly string[],
  { filter = '#', ...options }: EqualOptions = {},
): Promise<void> {
  await eventually(async () => {
    const brokers = await Promise.all(
      urls.map(async url => ({ url, retained: await retainedOf(url, filter) })),
    );
    const topics = differingTopics(brokers.map(({ retained }) => retained));
    if (topics.length > 0) throw new Error(difference(topics, brokers));
  }, options);
}

/** The topics that the brokers do not all retain alike, sorted. */
function differingTopics(brokers: readonly Retained[]): string[] {
  const topics = new Set(brokers.flatMap(retained => [...retained.keys()]));
  const differs = (topic: string) => new Set(brokers.map(retained => retained.get(topic))).size > 1;
  return [...topics].filter(differs).sort();
}

function difference(
  topics: readonly string[],
  brokers: readonly { readonly url: string; readonly retained: Retained }[],
): string {
  const lines = topics
    .slice(0, MAX_LISTED_TOPICS)
    .flatMap(topic => [
      `  ${topic}`,
      ...brokers.map(({ url, retained }) => `    ${url}  ${abridged(retained.get(topic))}`),
    ]);
  const more = topics.length > MAX_LISTED_TOPICS ? [`  and ${topics.length - MAX_LISTED_TOPICS} more`] : [];
  return [`the brokers differ in ${topics.length} topics:`, ...lines, ...more].join('\n');
}

function abridged(payload: string | undefined): string {
  if (payload === undefined) return '(none)';
  const text = JSON.stringify(payload);
  return text.length > MAX_PAYLOAD_CHARACTERS
    ? `${text.slice(0, MAX_PAYLOAD_CHARACTERS)}… (${payload.length})`
    : text;
}
