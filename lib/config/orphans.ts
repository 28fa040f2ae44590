/** Settings of a broker or topic that does not exist: most likely its name is misspelt. */

import type { Entries } from './environment.ts';
import { nearest } from './nearest.ts';
import type { Problems } from './problems.ts';
import { variableName, variableOfKey } from './variables.ts';

/**
 * Records an error for each of the settings.
 * @param main the setting that makes a broker or topic: `MQTTREP_CLIENT_{name}`, `MQTTREP_TOPIC_{id}`
 * @param known the names or ids that exist
 */
export function rejectOrphans(
  main: { readonly key: string },
  of: string,
  entries: Entries,
  known: readonly string[],
  problems: Problems,
): void {
  const missing = variableName(main, of);
  const meant = nearest(of, known);
  for (const [key, { variable }] of entries) {
    const hint = meant === undefined ? '' : `; did you mean ${variableOfKey(key, meant)}?`;
    problems.error(variable, {
      problem: `it belongs to ${missing}, and there is no ${missing}`,
      fix: `set ${missing}, or remove this one${hint}`,
    });
  }
}
