/**
 * `--env-file`: variables from a file of `KEY=value` lines. mqttrep reads the file as `node --env-file` does, so that one
 * file works for both. An unquoted `#` starts a comment.
 */

import { parseEnv } from 'node:util';

/** The variables of an env file. Quotes around a value are removed; a line that is not an assignment is ignored. */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(parseEnv(text.replace(/^\uFEFF/, '')))) {
    // parseEnv takes a line without `=` as the beginning of the key in the next line.
    const name = key.slice(key.lastIndexOf('\n') + 1).trim();
    if (name !== '' && name !== '__proto__') variables[name] = value ?? '';
  }
  return variables;
}

/** Both together. If both have a variable, the real environment wins, even with an empty value. */
export function mergeEnv(
  file: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const set = Object.entries(environment).filter(([, value]) => value !== undefined);
  return { ...file, ...Object.fromEntries(set) };
}
