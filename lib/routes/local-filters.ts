/** The filters that cover, at a broker, what a canonical filter covers inside mqttrep. */

import { covers } from '../core/filter.ts';
import type { Rule } from './rule.ts';
import type { Level } from './template.ts';

/**
 * Local filters for all topics of a canonical filter. They can match more: a filter of MQTT has no part of a level, and nothing
 * after `#`. `NameMap.toCanonical` sorts out the rest.
 */
export function localFilters(filter: string, rules: readonly Rule[]): string[] {
  const mapped = rules.flatMap(rule => localFilterOf(filter, rule) ?? []);
  const isWhollyMapped = rules.some(rule => covers(rule.filter, filter) && rule.leastRest === 0);
  return minimalFilters(isWhollyMapped || isMappedPastFirst(filter, rules) ? mapped : [...mapped, filter]);
}

/** A rule with a rest of at least one level covers each filter that has more levels than the rule has before its rest. */
function isMappedPastFirst(filter: string, rules: readonly Rule[]): boolean {
  return rules.some(rule => {
    if (rule.leastRest === 0 || !covers(rule.filter, filter)) return false;
    const fixed = rule.canonical.before.length;
    const levels = filter.split('/').filter(level => level !== '#').length;
    return levels > fixed || fixed === 0;
  });
}

/** Without those that another one covers. */
export function minimalFilters(filters: readonly string[]): string[] {
  const all = [...new Set(filters)];
  return all.filter(filter => !all.some(other => other !== filter && covers(other, filter)));
}

/** Undefined if the rule maps no topic of the filter. */
export function localFilterOf(filter: string, { canonical, local }: Rule): string | undefined {
  const levels = filter.split('/');
  const isOpen = levels.at(-1) === '#';
  if (isOpen) levels.pop();
  const found: string[] = [];
  for (const [index, { pre, capture }] of canonical.before.entries()) {
    const level = levels[index] ?? (isOpen ? '+' : undefined);
    if (level === undefined) return undefined;
    if (capture !== undefined) found[capture] = level;
    else if (level !== '+' && level !== pre) return undefined;
  }
  const more = levels.slice(canonical.before.length);
  if (more.length > 0 && !canonical.hasRest) return undefined;
  const before = local.before.map(part => filterLevel(part, found));
  if (!canonical.hasRest) return [...before, ...local.after.map(part => filterLevel(part, found))].join('/');
  if (isOpen) return [...before, ...more, '#'].join('/');
  const whole = [...before, ...more, ...local.after.map(part => filterLevel(part, found))];
  return whole.length === 0 ? undefined : whole.join('/');
}

function filterLevel({ pre, capture, post }: Level, found: readonly string[]): string {
  if (capture === undefined) return pre;
  const level = found[capture] as string;
  if (level !== '+') return `${pre}${level}${post}`;
  return '+';
}

/** Whether some topic matches both filters. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]];
    if (left === '#' || right === '#') return true;
    if (left === undefined || right === undefined) return false;
    if (left !== '+' && right !== '+' && left !== right) return false;
  }
  return true;
}

/**
 * Two filters at the broker that overlap though the canonical filters that they stand for do not. The broker delivers twice what
 * both match. Undefined if there are none.
 */
export function sharedByName(
  filters: readonly string[],
  toLocal: (filter: string) => readonly string[],
): readonly [string, string] | undefined {
  const all = filters.flatMap(filter => toLocal(filter).map(local => ({ filter, local })));
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      const isNew = one.filter === other.filter || !overlap(one.filter, other.filter);
      if (isNew && one.local !== other.local && overlap(one.local, other.local))
        return [one.local, other.local];
    }
  }
  return undefined;
}
