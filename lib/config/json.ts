/** JSON that may hold secrets. The parser is strict (RFC 8259); a fault gives the place, not the text there. */

import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import type { Parsed } from './problems.ts';

/** Parses JSON, and refuses keys that would change a prototype. */
export function parseJson(text: string): Parsed<unknown> {
  let pollutes = false;
  try {
    const value: unknown = JSON.parse(text, (key, member) => {
      if (key === '__proto__') pollutes = true;
      return member;
    });
    return pollutes ? { problem: 'it has a key `__proto__`', fix: 'remove this key' } : { value };
  } catch {
    return {
      problem: `it is not JSON: ${firstFault(text)}`,
      fix: 'check the JSON at that place; in an .env file put it in single quotes, so that `#` and `"` in it are kept',
    };
  }
}

function firstFault(text: string): string {
  let first: { readonly fault: string; readonly offset: number } | undefined;
  const onError = (code: ParseErrorCode, offset: number) => {
    if (first === undefined || offset < first.offset) first = { fault: inWords(code), offset };
  };
  try {
    visit(text, { onError }, { disallowComments: true, allowTrailingComma: false });
  } catch {
    return 'it is nested too deep';
  }
  if (first === undefined) return 'it has a character that JSON does not allow';
  const before = text.slice(0, first.offset).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return `${first.fault} at line ${before.length}, column ${column}`;
}

/** `CommaExpected` → `comma expected` */
function inWords(code: ParseErrorCode): string {
  const name = printParseErrorCode(code);
  return name.replaceAll(/(?<!^)([A-Z])/g, ' $1').toLowerCase();
}
