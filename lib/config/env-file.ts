/**
 * `--env-file`: variables from a file of `KEY=value` lines, read as `node --env-file` reads them, so that
 * a file serves both. An unquoted `#` starts a comment.
 */

import { parseEnv } from 'node:util';

/** The variables of an env file. Quotes around a value are removed; what is no assignment is passed over. */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(parseEnv(text.replace(/^\uFEFF/, '')))) {
    // parseEnv takes a line without `=` for the beginning of the next line's key.
    const name = key.slice(key.lastIndexOf('\n') + 1).trim();
    if (name !== '' && name !== '__proto__') variables[name] = value ?? '';
  }
  return variables;
}

/** Both together; where both have a variable, be it empty, the real environment wins. */
export function mergeEnv(
  file: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const set = Object.entries(environment).filter(([, value]) => value !== undefined);
  return { ...file, ...Object.fromEntries(set) };
}
