/** Parsers of mapping rules and exclusions. Whether rules are unambiguous is another question: routes.ts. */

import { filterFault } from '../core/filter.ts';
import { parseRule } from '../routes/rule.ts';
import { type Fault, type Faults, type Parsed, show } from './problems.ts';

/** The text of a rule, unchanged: it is parsed again for each broker, with the broker's name in it. */
export function parseMap(text: string): Parsed<string> {
  const parsed = parseRule(text, 'broker');
  if (!('problem' in parsed)) return { value: text, warnings: strangeWords(text) };
  const isCut = text.endsWith('/') && !/->|\u2192|:/.test(text);
  const fix = isCut
    ? `if the rule had a \`#\`, quote it in the .env file, since an unquoted one begins a comment; else ${parsed.fix}`
    : parsed.fix;
  return { problem: `${show(text)} is not a mapping rule: ${parsed.problem}`, fix };
}

/** Words in braces that stay as they are. */
function strangeWords(text: string): Fault[] {
  const words = [...new Set([...text.matchAll(/\{\w*\}/g)].map(([word]) => word))];
  return words
    .filter(word => word !== '{broker}')
    .map(word => ({
      problem: `${show(text)}: ${word} stands in names as it is, since only {broker} is replaced`,
      fix: 'if you meant the name of the broker, write {broker}',
    }));
}

/** Filters, separated by commas; `\,` is a comma in a filter. */
export function parseExclusion(text: string): Parsed<readonly string[]> | Faults {
  const filters = text
    .split(/(?<!\\),/)
    .map(filter => filter.trim().replaceAll('\\,', ','))
    .filter(filter => filter !== '');
  const faults = filters.flatMap(faultOf);
  if (faults.length > 0) return { faults };
  if (filters.length > 0) return { value: [...new Set(filters)], warnings: filters.flatMap(warningOf) };
  return {
    problem: `${show(text)} names no filter`,
    fix: 'write topic filters, separated by commas, or remove the variable',
  };
}

function faultOf(filter: string): Fault[] {
  const fault = filterFault(filter);
  if (fault === undefined) return [];
  return [
    {
      problem: `${show(filter)} is not a topic filter: ${fault}`,
      fix: 'write topic filters of MQTT, such as canards/+/name or canards/#',
    },
  ];
}

/** That is what an env file leaves of an unquoted `…/#`. */
function warningOf(filter: string): Fault[] {
  if (!filter.endsWith('/')) return [];
  return [
    {
      problem: `${show(filter)} ends with \`/\`, as a filter does if its \`#\` was taken for a comment`,
      fix: `if you meant \`#\`, quote the value in the .env file: "${filter}#"`,
    },
  ];
}
