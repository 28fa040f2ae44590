/** The version of the package, from its manifest. */

import { existsSync, readFileSync } from 'node:fs';

/** Seen from dist/lib, and from the bundle of a tarball, in dist/lib/bundle. */
const PLACES = ['../../package.json', '../../../package.json'].map(path => new URL(path, import.meta.url));

export function packageVersion(): string {
  const manifest = PLACES.find(place => existsSync(place));
  if (manifest === undefined) throw new Error('the package has no package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
