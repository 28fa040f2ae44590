/**
 * Line mutants of a compiled JavaScript file: each changes one operator, constant or statement on one line.
 *
 * The operators are those of common mutation tools (relational, logical and arithmetic operators, booleans, statement
 * deletion). They work on the text of a line, so comments and string literals are masked first. A mutant that is no valid
 * JavaScript fails every spec; the compiler formats its output in one way, so that the patterns do not produce such mutants.
 */

export interface LineMutant {
  /** From 1. */
  readonly line: number;
  readonly original: string;
  readonly mutated: string;
}

interface Operator {
  readonly pattern: RegExp;
  readonly replacement: string | ((match: string) => string);
}

const OPERATORS: readonly Operator[] = [
  { pattern: / === /g, replacement: ' !== ' },
  { pattern: / !== /g, replacement: ' === ' },
  { pattern: / < /g, replacement: ' <= ' },
  { pattern: / <= /g, replacement: ' < ' },
  { pattern: / > /g, replacement: ' >= ' },
  { pattern: / >= /g, replacement: ' > ' },
  { pattern: / && /g, replacement: ' || ' },
  { pattern: / \|\| /g, replacement: ' && ' },
  { pattern: / \+ /g, replacement: ' - ' },
  { pattern: / - /g, replacement: ' + ' },
  { pattern: / \| /g, replacement: ' & ' },
  { pattern: / & ~/g, replacement: ' | ' },
  { pattern: /\btrue\b/g, replacement: 'false' },
  { pattern: /\bfalse\b/g, replacement: 'true' },
  { pattern: /(?<=[( ])!(?=[\w(])/g, replacement: '' },
  { pattern: /Math\.max/g, replacement: 'Math.min' },
  { pattern: /Math\.min/g, replacement: 'Math.max' },
  { pattern: /(?<=\bif )\((?=.*\)$)/g, replacement: '(!' },
  { pattern: /(?<= )\?\? .*?(?=[;,)]|$)/g, replacement: '' },
  { pattern: /(?<![\w.])\d+(?:_\d+)*(?![\w.])/g, replacement: number => `${number} + 1` },
];

/** A statement on a line of its own, which is left out. */
const STATEMENT = /^\s*(?:[\w.#[\]]+(?:\(.*\)| [-+|&*]?= .*)|continue|break);$/;

/** Every line mutant of the source, in the order of the lines. */
export function lineMutants(source: string): LineMutant[] {
  const mutants: LineMutant[] = [];
  let isInComment = false;
  for (const [index, original] of source.split('\n').entries()) {
    const wasInComment = isInComment;
    if (original.includes('/*')) isInComment = true;
    if (original.includes('*/')) isInComment = false;
    const isCode = !wasInComment && !isInComment && !/^\s*(?:\/\/|\/\*|\*|import |export \{)/.test(original);
    if (!isCode) continue;
    const line = index + 1;
    for (const mutated of mutationsOf(original)) mutants.push({ line, original, mutated });
  }
  return mutants;
}

function* mutationsOf(line: string): Generator<string> {
  const masked = withoutLiterals(line);
  for (const { pattern, replacement } of OPERATORS) {
    for (const match of masked.matchAll(pattern)) {
      const text = line.slice(match.index, match.index + match[0].length);
      const end = match.index + match[0].length;
      const changed = typeof replacement === 'string' ? replacement : replacement(text);
      // The negated condition needs a parenthesis of its own.
      const isCondition = changed === '(!';
      const rest = line.slice(end);
      yield line.slice(0, match.index) + (isCondition ? `(!(${rest.replace(/\)$/, '))')}` : changed + rest);
    }
  }
  if (STATEMENT.test(masked)) yield '';
}

/** The line with every string literal and regular expression replaced by as many underscores. */
function withoutLiterals(line: string): string {
  return line
    .replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, literal => '_'.repeat(literal.length))
    .replace(/(?<=[(=,] ?)\/(?:[^/\\\n]|\\.)+\/[a-z]*/g, literal => '_'.repeat(literal.length))
    .replace(/ \/\/.*$/, comment => ' '.repeat(comment.length));
}
