/** The names at a broker, from rules as a user writes them. */

import type { Names } from '../../lib/routes/name-map.ts';
import { NO_ENVELOPE, parseRule, type Rule } from '../../lib/routes/rule.ts';

export interface NamesOptions {
  readonly filters?: readonly string[];
  readonly excluded?: readonly string[];
  readonly broker?: string;
}

/** @throws if a rule has a fault */
export function namesOf(texts: readonly string[], options: NamesOptions = {}): Names {
  const { filters = ['#'], excluded = [], broker = 'oslo' } = options;
  const rules: Rule[] = [];
  let envelope = NO_ENVELOPE;
  for (const text of texts) {
    const parsed = parseRule(text, broker);
    if ('problem' in parsed) throw new Error(`${text}: ${parsed.problem}`);
    if (parsed.rule !== undefined) rules.push(parsed.rule);
    if (parsed.envelope !== NO_ENVELOPE) envelope = parsed.envelope;
  }
  return { rules, envelope, domain: { filters, excluded }, controlPrefix: 'mqttrep' };
}
