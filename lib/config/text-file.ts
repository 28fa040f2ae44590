/** A file that a variable names: its text, or the reason why there is none. */

import { type Fault, type Parsed, show } from './problems.ts';

/** Reads a file as UTF-8; throws if it cannot. */
export type ReadFile = (path: string) => string;

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'permission is denied'],
  ['EISDIR', 'it is a folder'],
]);

/** The text, without a byte order mark. An empty file is a fault; `whatBelongs` says what to write into it. */
export function readTextFile(path: string, readFile: ReadFile, whatBelongs: string): Parsed<string> {
  try {
    const content = readFile(path).replace(/^\uFEFF/, '');
    if (content.trim() !== '') return { value: content };
    return { problem: `the file ${show(path)} is empty`, fix: `write ${whatBelongs} into it` };
  } catch (error) {
    return unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Fault {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return {
    problem: `the file ${show(path)} cannot be read: ${REASONS.get(code) ?? code ?? 'reason unknown'}`,
    fix: 'check the path, and that the user of mqttrep may read the file',
  };
}
