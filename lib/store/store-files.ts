/** The files of a store in its folder: `state-{number}.log`, the present one with the highest number. */

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DISK } from './disk.ts';
import { headOf } from './file-head.ts';
import type { Files } from './files.ts';
import { UnknownStoreError } from './store-errors.ts';

const FILE = /^state-(\d+)\.log$/;
const INCOMPLETE = /^state-\d+\.log\.new$/;

export function statePath(folder: string, number: number): string {
  return join(folder, `state-${number}.log`);
}

/** The path of a new file as long as it is incomplete. */
export function incompletePath(folder: string, number: number): string {
  return `${statePath(folder, number)}.new`;
}

/**
 * Removes older and incomplete files that a crash has left, and returns the number of the present file, 0 if there is none.
 * @throws UnknownStoreError if this version must not read or remove one of them; then no file is removed
 */
export async function tidyFolder(folder: string): Promise<number> {
  const names = await readdir(folder);
  const numbers = names.flatMap(name => FILE.exec(name)?.[1] ?? []).map(Number);
  const present = Math.max(0, ...numbers);
  const incomplete = names.filter(name => INCOMPLETE.test(name)).map(name => join(folder, name));
  const older = numbers.filter(number => number !== present).map(number => statePath(folder, number));
  const leftovers = [...incomplete, ...older];
  if (present > 0) await requireKnown(statePath(folder, present));
  for (const path of leftovers) await requireKnown(path);
  for (const path of leftovers) await rm(path);
  return present;
}

/** The name of a file is durable only when its folder has been synchronized. */
export async function syncFolder(folder: string, files: Files = DISK): Promise<void> {
  const handle = await files.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function requireKnown(path: string): Promise<void> {
  const head = await headOf(path);
  if (head.kind === 'another version' || head.kind === 'foreign')
    throw new UnknownStoreError(path, head.reason);
}
