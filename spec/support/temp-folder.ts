/** Folders for one test run. They are removed when the process exits. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();

process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The path of a new, empty folder. */
export function tempFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `mqttrep-spec-${purpose}-`));
  folders.add(folder);
  return folder;
}
