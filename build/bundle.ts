/**
 * Puts mqttrep and the packages that it uses into a few files, in place of what the compiler left in dist: what is
 * installed is then what was tested, whatever a registry offers by then, and nothing else has to be fetched.
 *
 * Run when a tarball is packed. With the name of a folder beside dist, it writes there and leaves dist as it is. The tests do so,
 * because a bundle starts in less than half the time. LICENCES.txt beside the bundle says which version of which package is in it,
 * and under which licence.
 */

import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { aliases, littleCode } from './bundled-modules.ts';

const DIST = 'dist';

/** Where the bundle goes. At run time it looks for package.json one folder up, and for the page beside its own folders. */
const OUT = process.argv[2] ?? DIST;

/** As deep as the modules that look for other files from where they are: the threads, the page. */
const BUNDLE = 'lib/bundle';

/** The folders that the bundle takes the place of. */
const REPLACED = ['bin', 'lib', 'workers'];

const ENTRIES = {
  'bin/mqttrep': 'bin/mqttrep.ts',
  'workers/broker': 'workers/broker.ts',
  'workers/reconciler': 'workers/reconciler.ts',
  'workers/events': 'workers/events.ts',
  // Piscina starts its threads with the file of this name beside it.
  [`${BUNDLE}/worker`]: 'node_modules/piscina/dist/worker.js',
};

/** Modules that are asked for where they are, and done without where they are not. The bundle does without. */
const OPTIONAL = ['@napi-rs/nice', 'bufferutil', 'utf-8-validate'];

/** Characters. */
const LINE_LIMIT = 120;

/** What modules of the older kind (CommonJS) find everywhere. */
const BANNER = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __dirname = import.meta.dirname;`;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

async function bundle(): Promise<void> {
  for (const folder of REPLACED) rmSync(join(OUT, folder), { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: ENTRIES,
    outdir: OUT,
    chunkNames: `${BUNDLE}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Some have a build of the older kind that no bundler can look into.
    mainFields: ['module', 'main'],
    external: OPTIONAL,
    alias: aliases,
    plugins: [littleCode],
    preserveSymlinks: true,
    // V8 keeps the source of each thread, with two bytes a character if one of them is not ASCII. Names stay, for the stack of an
    // error. Node.js prints the line of an error that nobody catches, so lines stay short.
    minifyWhitespace: true,
    minifySyntax: true,
    charset: 'ascii',
    lineLimit: LINE_LIMIT,
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  for (const file of Object.keys(metafile.outputs)) requireWhole(file);
  writeFileSync(join(OUT, BUNDLE, 'LICENCES.txt'), licences(metafile));
  chmodSync(join(OUT, 'bin/mqttrep.js'), 0o755);
  if (OUT !== DIST) cpSync(join(DIST, 'page'), join(OUT, 'page'), { recursive: true });
}

/** @throws if the file imports a module, or starts a worker, that will not be there */
function requireWhole(file: string): void {
  const text = readFileSync(file, 'utf8');
  for (const [, worker = ''] of text.matchAll(/\bworkers\/([\w-]+\.js)\b/g)) {
    if (!existsSync(join(OUT, 'workers', worker)))
      throw new Error(`${file} starts workers/${worker}, which is no entry of the bundle`);
  }
  for (const [, module = ''] of text.matchAll(/\brequire\w*\("([^"]+)"\)/g)) {
    const isThere = module.startsWith('node:') || builtinModules.includes(module.replace(/\/$/, ''));
    if (!isThere && !OPTIONAL.includes(module))
      throw new Error(`${file} requires ${module}, which is not in it`);
  }
}

/** A line `name version, licence` for each package, and after these the texts of the licences. */
function licences({ inputs }: Metafile): string {
  const folders = new Set(
    Object.keys(inputs).flatMap(file => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []),
  );
  const packages = [...folders].sort().map(folder => {
    const { name, version, license } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Manifest;
    return { title: `${name} ${version}, ${license ?? 'see below'}`, text: licenceIn(folder) };
  });
  const titles = packages.map(({ title }) => title).join('\n');
  const texts = packages.map(({ title, text }) => `${title}\n\n${text}`).join('\n\n----\n\n');
  return `mqttrep is bundled with these packages:\n\n${titles}\n\n----\n\n${texts}\n`;
}

function licenceIn(folder: string): string {
  const name = readdirSync(folder).find(file => /^licen[cs]e/i.test(file));
  if (name !== undefined) return readFileSync(join(folder, name), 'utf8').trim();
  const readme = join(folder, 'README.md');
  const [text] = existsSync(readme)
    ? (/^#+ licen[cs]e\b[\s\S]*/im.exec(readFileSync(readme, 'utf8')) ?? [])
    : [];
  return text ?? 'The package has no file with the text of its licence.';
}

await bundle();
