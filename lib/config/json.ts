/**
 * JSON that may hold secrets: strict (RFC 8259), and a fault says where it is, not what stands there.
 */

import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import type { Parsed } from './problems.ts';

/** Finds the first place where the text is no JSON, and refuses keys that reach for a prototype. */
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
      problem: `it is no JSON: ${firstFault(text)}`,
      fix: 'check the JSON there; in an .env file wrap it in single quotes, so that `#` and `"` in it are kept',
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
    return 'it is nested too deeply';
  }
  if (first === undefined) return 'it holds a character that JSON does not allow';
  const before = text.slice(0, first.offset).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return `${first.fault} at line ${before.length}, column ${column}`;
}

/** `CommaExpected` → `comma expected` */
function inWords(code: ParseErrorCode): string {
  const name = printParseErrorCode(code);
  return name.replaceAll(/(?<!^)([A-Z])/g, ' $1').toLowerCase();
}
