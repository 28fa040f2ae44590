/**
 * Whether the names at a broker are unambiguous: refused at the start are rules by which two topics could become one, rules that
 * overlap without an order, and names that the broker cannot bear. Each fault names the rules, and gives an example.
 */

import { covers, isReplicable } from '../core/filter.ts';
import { localFilterOf, minimalFilters } from './local-filters.ts';
import { inOrder, NameMap, type Names } from './name-map.ts';
import type { Rule } from './rule.ts';
import { leastLevels, matchesRule, type Template, through } from './template.ts';
import { type Side, sharedTopics } from './witness.ts';

export type Ambiguity = {
  /** The rules as the user wrote them; undefined for a topic that no rule maps. */
  readonly rules: readonly [string | undefined, string | undefined];
} & (
  | {
      /** Two canonical topics have one name at the broker. */
      readonly kind: 'one name';
      readonly topics: readonly [string, string];
      readonly name: string;
      /** Excluding these canonical topics removes the fault. */
      readonly exclude: string;
    }
  | {
      /** Both rules map this topic, and neither is narrower. */
      readonly kind: 'no order';
      readonly topic: string;
    }
);

/** What a broker cannot bear in the names that a rule writes. */
export interface NameFault {
  readonly rule: string;
  readonly problem: 'too many levels' | 'too long' | 'never replicated';
  /** The shortest name that the rule writes. */
  readonly example: string;
}

/** Topics that no rule maps, as a rule. */
const UNMAPPED: Rule = {
  text: '',
  filter: '#',
  canonical: { before: [], hasRest: true, after: [] },
  local: { before: [], hasRest: true, after: [] },
  leastRest: 1,
};

/** At most one fault for each pair of rules. */
export function ambiguities(names: Names): Ambiguity[] {
  const rules = inOrder(names.rules);
  const map = new NameMap(names);
  const most = mostLevels(names);
  const fresh = freshTexts(names, most);
  const all = [...rules, UNMAPPED];
  const found: Ambiguity[] = [];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      const fault =
        withoutOrder(one, other, names, map, most, fresh) ?? oneName(one, other, names, map, most, fresh);
      if (fault !== undefined) found.push(fault);
    }
  }
  return found;
}

function withoutOrder(
  one: Rule,
  other: Rule,
  { rules, domain }: Names,
  map: NameMap,
  most: number,
  fresh: readonly string[],
): Ambiguity | undefined {
  if (other === UNMAPPED) return undefined;
  const side = (rule: Rule): Side => ({
    template: rule.canonical,
    canonical: rule.canonical,
    filters: filtersOf(rule, domain.filters),
  });
  for (const topic of sharedTopics(side(one), side(other), most, fresh)) {
    if (!map.isInDomain(topic)) continue;
    const matching = inOrder(rules).filter(rule => matchesRule(rule, topic.split('/')));
    const [first] = matching;
    if (first === undefined || !matching.includes(one) || !matching.includes(other)) continue;
    const rival = matching.find(
      rule => rule !== first && (!covers(rule.filter, first.filter) || rule.filter === first.filter),
    );
    if (rival !== undefined) return { kind: 'no order', rules: [first.text, rival.text], topic };
  }
  return undefined;
}

function oneName(
  one: Rule,
  other: Rule,
  { rules, domain }: Names,
  map: NameMap,
  most: number,
  fresh: readonly string[],
): Ambiguity | undefined {
  const ordered = inOrder(rules);
  const ruleOf = (topic: string) => ordered.find(rule => matchesRule(rule, topic.split('/'))) ?? UNMAPPED;
  const side = (rule: Rule): Side => ({
    template: rule.local,
    canonical: rule.canonical,
    filters: filtersOf(rule, domain.filters),
  });
  for (const name of sharedTopics(side(one), side(other), most, fresh)) {
    const levels = name.split('/');
    const topics = [one, other].map(rule => through(rule.local, rule.canonical, rule, levels));
    const [first, second] = topics;
    if (first === undefined || second === undefined || first === second) continue;
    if (ruleOf(first) !== one || ruleOf(second) !== other) continue;
    if (!map.isInDomain(first) || !map.isInDomain(second) || map.toLocal(first) === undefined) continue;
    return {
      kind: 'one name',
      rules: [textOf(one), textOf(other)],
      topics: [first, second],
      name,
      exclude:
        exclusionOf(first, one, other, domain.filters) ??
        exclusionOf(second, other, one, domain.filters) ??
        first,
    };
  }
  return undefined;
}

/** The topics of one rule that have the name of a topic of the other one, as a filter; undefined if that is all of its topics. */
function exclusionOf(topic: string, one: Rule, other: Rule, filters: readonly string[]): string | undefined {
  if (one.local.after.length > 0) return undefined;
  const backwards: Rule = { ...one, canonical: one.local, local: one.canonical };
  const found = filters.flatMap(filter => {
    const name = localFilterOf(filter, other);
    return name === undefined ? [] : (localFilterOf(name, backwards) ?? []);
  });
  return found.find(filter => filter !== one.filter && covers(filter, topic));
}

/** Names that each topic of a rule would have, and that this broker cannot bear. */
export function nameFaults(
  { rules, controlPrefix, envelope }: Names,
  limits: { readonly maxLevels: number; readonly maxTopicLength: number },
): NameFault[] {
  return rules.flatMap(({ text, local, leastRest }): NameFault[] => {
    const levels = [...local.before, ...local.after].map(({ pre, capture, post }) =>
      capture === undefined ? pre : `${pre}x${post}`,
    );
    if (leastRest === 1) levels.splice(local.before.length, 0, 'x');
    const example = levels.join('/');
    const whole = `${envelope.hiddenPrefix}${example}`;
    const fault = (problem: NameFault['problem']) => [{ rule: text, problem, example: whole }];
    if (whole.split('/').length > limits.maxLevels) return fault('too many levels');
    if (Buffer.byteLength(whole) > limits.maxTopicLength) return fault('too long');
    const start = local.before[0];
    const isFixed = start !== undefined && start.capture === undefined;
    return isFixed && !isReplicable(`${example}/x`, controlPrefix) ? fault('never replicated') : [];
  });
}

function textOf(rule: Rule): string | undefined {
  return rule === UNMAPPED ? undefined : rule.text;
}

/** The filters of which a rule maps topics. */
function filtersOf(rule: Rule, filters: readonly string[]): readonly string[] {
  return minimalFilters(filters).filter(filter => localFilterOf(filter, rule) !== undefined);
}

/** A topic with more levels than any rule or filter tells apart is as good an example as a deeper one. */
function mostLevels({ rules, domain }: Names): number {
  const templates: readonly Template[] = rules.flatMap(({ canonical, local }) => [canonical, local]);
  const filters = [...domain.filters, ...domain.excluded].map(filter => filter.split('/').length);
  const deepest = Math.max(1, ...templates.map(leastLevels), ...filters);
  const growth = Math.max(
    0,
    ...rules.map(({ canonical, local }) => Math.abs(leastLevels(local) - leastLevels(canonical))),
  );
  return deepest + growth + 2;
}

/** For each level a text that no rule and no filter has. */
function freshTexts({ rules, domain }: Names, most: number): string[] {
  const known = new Set([...domain.filters, ...domain.excluded].flatMap(filter => filter.split('/')));
  for (const { canonical, local } of rules) {
    for (const { pre } of [...canonical.before, ...local.before, ...local.after]) known.add(pre);
  }
  const texts: string[] = [];
  for (let number = 1; texts.length < most; number++) {
    const text = `x${number}`;
    if (!known.has(text)) texts.push(text);
  }
  return texts;
}
