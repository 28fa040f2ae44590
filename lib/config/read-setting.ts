/** Reads one setting: from its variable, or from the file that its variable with `_FILE` names. */

import type { Entries, Entry } from './environment.ts';
import type { Parsed, Problems } from './problems.ts';
import { defaultOf, type Setting } from './setting.ts';
import { type ReadFile, readTextFile } from './text-file.ts';
import { fileKey } from './variables.ts';

/** The value of a setting of the process; its default if the variable is not set or is wrong. */
export function readSetting<T>(setting: Setting<T>, entries: Entries, problems: Problems): T {
  const entry = entries.get(setting.key);
  const read = entry && problems.take(entry.variable, setting.parse(entry.value));
  return read === undefined ? defaultOf(setting) : read.value;
}

/**
 * The text of a setting that a file can hold, under the variable that sets it.
 * Undefined if the setting is not set; `wrong` if an error is recorded.
 */
export function readText(
  setting: Pick<Setting<unknown>, 'key' | 'inFile'>,
  entries: Entries,
  readFile: ReadFile,
  problems: Problems,
): Entry | undefined | 'wrong' {
  const inline = entries.get(setting.key);
  const file = entries.get(fileKey(setting));
  if (inline !== undefined && file !== undefined) {
    problems.error(file.variable, {
      problem: `it is set together with ${inline.variable}`,
      fix: 'keep one of the two',
    });
    return 'wrong';
  }
  if (file === undefined) return inline;
  const content = problems.take(file.variable, contentOf(file, setting.inFile ?? '', readFile));
  return content === undefined ? 'wrong' : { variable: file.variable, value: content.value.trim() };
}

/** A brace shows that a user put the value itself into the variable with `_FILE`. */
function contentOf(
  { variable, value: path }: Entry,
  whatBelongs: string,
  readFile: ReadFile,
): Parsed<string> {
  if (!path.includes('{')) return readTextFile(path, readFile, whatBelongs);
  return {
    problem: `the value looks like ${whatBelongs} itself, not like a path`,
    fix: `write the path of a file, or move the value to ${variable.replace(/_FILE$/, '')}`,
  };
}
