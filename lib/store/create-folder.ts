/**
 * Creates the folder of the store, level by level. The recursive `mkdir` of Node.js never returns below a folder such as
 * /proc, where a new folder is reported as "no such file or directory": it tries again without end.
 */

import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * The data of users are in it, so no other account may read it.
 * @param path absolute
 * @throws (rejects) the error of the system
 */
export async function createFolder(path: string): Promise<void> {
  const missing: string[] = [];
  let parent = path;
  while (!(await exists(parent))) {
    missing.unshift(parent);
    if (dirname(parent) === parent) break;
    parent = dirname(parent);
  }
  for (const folder of missing) {
    await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
