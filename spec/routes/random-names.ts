/** Random mapping rules and random topics, from few texts, so that rules overlap and collide often. */

import { hasWildcards } from '../../lib/core/filter.ts';
import type { Names } from '../../lib/routes/name-map.ts';
import { type Envelope, NO_ENVELOPE, parseRule, type Rule } from '../../lib/routes/rule.ts';

export type Random = () => number;

const LEVELS = ['a', 'b', 'c', '', 'dev', 'é'];
const FILTERS = ['#', 'a/#', 'b/#', '+/a/#', 'a/+', '+', 'c/+/b', 'dev/#', '+/+'];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

function several<T>(random: Random, most: number, make: () => T): T[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, make);
}

/** The text of a valid rule. */
export function randomRule(random: Random): string {
  if (random() < 0.15)
    return `prefix: ${pick(random, ['site/', 'a/', 'x/y/'])}${random() < 0.3 ? ' suffix: /z' : ''}`;
  const left = several(random, 3, () => (random() < 0.35 ? '+' : pick(random, LEVELS)));
  const hasRest = left.join('/') === '' || random() < 0.6;
  const canonical = [...left, ...(hasRest ? ['#'] : [])];
  const captures = left.filter(level => level === '+').map((_, index) => around(random, `$${index + 1}`));
  const right = shuffled(random, [
    ...captures,
    ...(hasRest ? ['$rest'] : []),
    ...several(random, 2, () => pick(random, ['a', 'b', 'site', 'x', 'dev-x'])),
  ]);
  return `${canonical.join('/')} -> ${right.length === 0 ? 'x' : right.join('/')}`;
}

function around(random: Random, reference: string): string {
  if (random() < 0.75) return reference;
  return random() < 0.5 ? `dev-${reference}` : `${reference}-x`;
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map(item => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** The rules, topics and exclusions of a broker. They can be ambiguous. */
export function randomNames(random: Random): Names {
  const rules: Rule[] = [];
  let envelope: Envelope = NO_ENVELOPE;
  for (const text of [randomRule(random), ...several(random, 3, () => randomRule(random))]) {
    const parsed = parseRule(text, 'oslo');
    if ('problem' in parsed) throw new Error(`${text}: ${parsed.problem}`);
    if (parsed.rule === undefined) continue;
    if (rules.some(({ filter }) => filter === parsed.rule?.filter)) continue;
    rules.push(parsed.rule);
    envelope = parsed.envelope;
  }
  const filters = [pick(random, FILTERS), ...several(random, 2, () => pick(random, FILTERS))];
  const excluded = several(random, 2, () => pick(random, ['site/#', 'x/#', 'a/a/#', '+/x', 'b/+/#', 'dev']));
  return { rules, envelope, domain: { filters, excluded }, controlPrefix: 'mqttrep' };
}

export function randomTopic(random: Random): string {
  const levels = [
    pick(random, LEVELS),
    ...several(random, 4, () => pick(random, [...LEVELS, 'site', 'x', 'dev-a', 'a-x'])),
  ];
  const topic = levels.join('/');
  return topic === '' || hasWildcards(topic) ? 'a' : topic;
}
