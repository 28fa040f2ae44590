/**
 * The types of the API, in one file that imports nothing: dist/types/api.d.ts, which package.json publishes as
 * `mqttrep/api`. Its sources hold types only.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const SOURCES = [
  'lib/protocol/link-state.ts',
  'lib/protocol/event-state.ts',
  'lib/protocol/answers.ts',
  'lib/protocol/topic-route.ts',
  'lib/status/api.ts',
];

/** `import type …` and `export type … from …`: what they name is in the same file. */
const REFERENCE = /^(?:import|export) type \{[^}]*\} from '[^']+';\n/gm;

export function apiTypes(): string {
  return SOURCES.map(source => readFileSync(source, 'utf8').replace(REFERENCE, '')).join('\n');
}

export function writeApiTypes(): void {
  mkdirSync('dist/types', { recursive: true });
  writeFileSync('dist/types/api.d.ts', apiTypes());
}
