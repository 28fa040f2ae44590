/**
 * `--watch-config`: tells when a file of the configuration has changed. It looks each second, since a file can be replaced by
 * another one or be a link whose target changes, as in a mounted ConfigMap.
 */

import { type StatsListener, unwatchFile, watchFile } from 'node:fs';

const INTERVAL_MS = 1_000;

/** Returns a function that ends the watch. */
export function watchFiles(files: readonly string[], changed: (file: string) => void): () => void {
  const watched = files.map(file => {
    const listener: StatsListener = (now, before) => {
      const isSame = now.mtimeMs === before.mtimeMs && now.size === before.size && now.ino === before.ino;
      // A file that is being replaced is there again at the next look.
      if (!isSame && now.nlink > 0) changed(file);
    };
    watchFile(file, { interval: INTERVAL_MS, persistent: false }, listener);
    return { file, listener };
  });
  return () => {
    for (const { file, listener } of watched) unwatchFile(file, listener);
  };
}
