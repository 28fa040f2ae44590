/**
 * Two ids for the very same filter: neither is more specific than the other, so nothing could decide
 * between them. Harmless while they agree.
 */

import { formatMergeChain, type MergeChain } from '../core/merge-chain.ts';
import type { QoS } from '../core/policy.ts';
import { type Problems, show } from './problems.ts';
import { type TopicKey, topicVariableName } from './variables.ts';

/** What the variables of one id say; undefined where a setting is not set. */
export interface TopicSettings {
  readonly id: string;
  readonly filter: string;
  readonly retain: boolean | undefined;
  readonly repeat: boolean | undefined;
  readonly qos: QoS | undefined;
  /** Seconds. */
  readonly ttl: number | undefined;
  readonly nosub: boolean | undefined;
  readonly merge: MergeChain | undefined;
  readonly subscribeWhitelist: readonly string[] | undefined;
  readonly subscribeBlacklist: readonly string[] | undefined;
  readonly publishWhitelist: readonly string[] | undefined;
  readonly publishBlacklist: readonly string[] | undefined;
}

const COMPARED = [
  ['retain', 'RETAIN'],
  ['repeat', 'REPEAT'],
  ['qos', 'QOS'],
  ['ttl', 'TTL'],
  ['nosub', 'NOSUB'],
  ['merge', 'MERGE'],
  ['subscribeWhitelist', 'SUBSCRIBE_WHITELIST'],
  ['subscribeBlacklist', 'SUBSCRIBE_BLACKLIST'],
  ['publishWhitelist', 'PUBLISH_WHITELIST'],
  ['publishBlacklist', 'PUBLISH_BLACKLIST'],
] as const satisfies readonly (readonly [keyof TopicSettings, TopicKey])[];

/** An error for each setting that two ids of one filter set differently; a warning where none does. */
export function judgeSameFilters(settings: readonly TopicSettings[], problems: Problems): void {
  for (const [index, later] of settings.entries()) {
    const earlier = settings.slice(0, index).filter(other => other.filter === later.filter);
    const contradictions = earlier.map(other => judgePair(other, later, problems));
    const [first] = earlier;
    if (first === undefined || contradictions.some(count => count > 0)) continue;
    problems.warn(topicVariableName('TOPIC', later.id), {
      problem: `${show(later.filter)} is the filter of ${topicVariableName('TOPIC', first.id)} too`,
      fix: 'keep one of the two, and all settings under its id',
    });
  }
}

/** The number of settings in which the two contradict each other. */
function judgePair(earlier: TopicSettings, later: TopicSettings, problems: Problems): number {
  let contradictions = 0;
  for (const [field, key] of COMPARED) {
    const one = field === 'merge' ? chainText(earlier.merge) : comparable(earlier[field]);
    const other = field === 'merge' ? chainText(later.merge) : comparable(later[field]);
    if (one === undefined || other === undefined || one === other) continue;
    contradictions++;
    problems.error(topicVariableName(key, later.id), {
      problem: `it is ${other}, but ${topicVariableName(key, earlier.id)} is ${one} for the same filter ${show(later.filter)}`,
      fix: 'give both the same value, or remove one',
    });
  }
  return contradictions;
}

function chainText(chain: MergeChain | undefined): string | undefined {
  return chain && formatMergeChain(chain);
}

function comparable(value: boolean | number | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'object' ? value.toSorted().join(',') : String(value);
}
