/** Goldens: histories that failed once, as text. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHistory } from './history-text.ts';
import { play } from './play.ts';
import type { Mutation } from './sim-replicator.ts';

const FOLDER = join(import.meta.dirname, '../../../spec/sim/goldens');

export interface Golden {
  /** What happens in it. */
  readonly name: string;
  readonly text: string;
}

export const GOLDENS: readonly Golden[] = readdirSync(FOLDER).map(file => ({
  name: file.replace('.txt', '').replaceAll('-', ' '),
  text: readFileSync(join(FOLDER, file), 'utf8'),
}));

/** The name of the first golden that a mutant fails; undefined if it passes all. */
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
