/**
 * The files of the page, from its build. They are read and compressed once, and found by their exact names, so that no
 * request reaches the file system.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** The folder of the built page, relative to dist/lib/status. */
const FOLDER = fileURLToPath(new URL('../../page/', import.meta.url));

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.ico', 'image/x-icon'],
  ['.webmanifest', 'application/manifest+json'],
  ['.txt', 'text/plain; charset=utf-8'],
]);

export interface StaticFile {
  readonly type: string;
  /** Strong, in quotes. */
  readonly etag: string;
  readonly plain: Buffer;
  /** Undefined if compression makes the file no smaller. */
  readonly gzipped: Buffer | undefined;
}

/**
 * The files by path of the URL: `/` for index.html, `/app.js` and so on; empty if the page was not built. Files of an
 * unknown type, such as source maps, are not served.
 */
export function loadStaticFiles(folder = FOLDER): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  for (const name of namesIn(folder)) {
    const type = TYPES.get(extname(name));
    if (type !== undefined) files.set(`/${name}`, loadFile(join(folder, name), type));
  }
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return files;
}

/** The names of all files, with slashes between folders. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'));
  } catch {
    return [];
  }
}

function loadFile(path: string, type: string): StaticFile {
  const plain = readFileSync(path);
  const gzipped = gzipSync(plain, { level: 9 });
  return {
    type,
    etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    gzipped: gzipped.length < plain.length ? gzipped : undefined,
  };
}
