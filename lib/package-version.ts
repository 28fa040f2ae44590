/** The version of the package, from its manifest. */

import { readFileSync } from 'node:fs';

/** Seen from dist/lib. */
const MANIFEST = new URL('../../package.json', import.meta.url);

export function packageVersion(): string {
  return (JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }).version;
}
