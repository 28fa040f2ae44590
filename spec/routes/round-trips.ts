/** Random topics there and back by random rules; and that no two topics get one name. */

import { matches } from '../../lib/core/filter.ts';
import { ambiguities } from '../../lib/routes/ambiguities.ts';
import { NameMap, type Names } from '../../lib/routes/name-map.ts';
import { through } from '../../lib/routes/template.ts';
import { type Random, randomNames, randomTopic } from './random-names.ts';

const TOPICS_OF_A_SET = 20;

export interface RoundTrips {
  /** Topics that went there and back. */
  readonly topics: number;
  readonly sets: number;
  readonly refused: number;
  /** The first statements that did not hold. */
  readonly failures: readonly string[];
}

/** @param wanted how many topics are to go there and back */
export function roundTrips(random: Random, wanted: number): RoundTrips {
  const failures: string[] = [];
  let [topics, sets, refused] = [0, 0, 0];
  while (topics < wanted && failures.length === 0) {
    const names = randomNames(random);
    sets++;
    const faults = ambiguities(names);
    if (faults.length > 0) {
      refused++;
      failures.push(...wronglyRefused(names));
      continue;
    }
    const map = new NameMap(names);
    const subscribed = map.toLocalFilters(names.domain.filters);
    for (let count = 0; count < TOPICS_OF_A_SET; count++) {
      const topic = randomTopic(random);
      if (!map.isInDomain(topic)) continue;
      topics++;
      const local = map.toLocal(topic);
      if (local === undefined) continue;
      const fail = (what: string) => failures.push(`${what}: ${topic} → ${local} by ${described(names)}`);
      if (map.toCanonical(local) !== topic) fail(`comes back as ${map.toCanonical(local)}`);
      if (!subscribed.some(filter => matches(filter, local)))
        fail(`is not subscribed by ${subscribed.join(' ')}`);
      for (const { local: from, canonical: to, leastRest } of names.rules) {
        const other = through(from, to, { leastRest }, local.split('/')) ?? topic;
        if (other !== topic && map.isInDomain(other) && map.toLocal(other) === local)
          fail(`is the name of ${other}, too`);
      }
      if (local !== topic && map.isInDomain(local) && map.toLocal(local) === local)
        fail('is its own name, too');
    }
  }
  return { topics, sets, refused, failures };
}

/** The example of each fault is an example: both topics exist, and have one name, or no order. */
function wronglyRefused(names: Names): string[] {
  const map = new NameMap(names);
  return ambiguities(names).flatMap(fault => {
    const isTrue =
      fault.kind === 'no order'
        ? map.isInDomain(fault.topic)
        : fault.topics[0] !== fault.topics[1] &&
          fault.topics.every(topic => map.isInDomain(topic) && map.toLocal(topic) === fault.name);
    return isTrue ? [] : [`refused for a wrong reason: ${JSON.stringify(fault)} by ${described(names)}`];
  });
}

function described({ rules, domain }: Names): string {
  return JSON.stringify({ rules: rules.map(({ text }) => text), ...domain });
}
