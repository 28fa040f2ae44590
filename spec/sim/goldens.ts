/** Histories that failed once, as text. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { play } from './history.ts';
import { parseHistory } from './history-text.ts';
import type { Mutation } from './sim-replicator.ts';

const FOLDER = join(import.meta.dirname, '../../../spec/sim/goldens');

export interface Golden {
  /** Says what happened. */
  readonly name: string;
  readonly text: string;
}

export const GOLDENS: readonly Golden[] = readdirSync(FOLDER).map(file => ({
  name: file.replace('.txt', '').replaceAll('-', ' '),
  text: readFileSync(join(FOLDER, file), 'utf8'),
}));

/** The name of the first that a mutant fails; undefined when it passes all. */
export function playGoldens(mutation: Mutation): string | undefined {
  return GOLDENS.find(({ text }) => fails(text, mutation))?.name;
}

function fails(text: string, mutation: Mutation): boolean {
  try {
    play(parseHistory(text), mutation);
    return false;
  } catch {
    return true;
  }
}
