/** What docs/architecture.md says of the folders, and of what each imports, is so. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');

/** `| folder | what is in it | imports, of ours | and of others |` */
const ROW = /^\| `([\w/]+)` \|[^|]*\|([^|]*)\|([^|]*)\|$/gm;

/** An import or a re-export that is there when it runs: static, or by a call. */
const STATIC = /^(?:import|export) (?!type )(?:([^;']*?) from )?'([^']+)'/gm;
const DYNAMIC = /\bimport\('([^']+)'\)/g;

interface Row {
  readonly folder: string;
  readonly ours: readonly string[];
  readonly others: readonly string[];
}

const document = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
const rows: readonly Row[] = [...document.matchAll(ROW)].map(([, folder = '', ours = '', others = '']) => ({
  folder,
  ours: namesIn(ours),
  others: namesIn(others),
}));

/** The most deeply nested one comes first. */
const folders = rows.map(({ folder }) => folder).sort((a, b) => b.length - a.length);

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name).sort();
}

function folderOf(file: string): string | undefined {
  return folders.find(folder => file.startsWith(`${folder}/`));
}

const files = ['lib', 'workers', 'bin'].flatMap(top =>
  readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
    .filter(file => /\.tsx?$/.test(file))
    .map(file => join(top, file)),
);

/** Modules that a file imports: those of ours by their paths, others by their names. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const named = [...text.matchAll(STATIC)]
    .filter(([, names = '']) => !/^\{(?:\s*type [^,}]+,?)+\s*\}$/.test(names))
    .map(([, , module = '']) => module);
  const called = [...text.matchAll(DYNAMIC)].map(([, module = '']) => module);
  return [...named, ...called].map(module =>
    module.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), module)) : module,
  );
}

/** `@scope/name` or `name`, without a path into it. */
function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('docs/architecture.md', () => {
  it('knows the folder of every file', () => {
    expect(files).to.have.length.above(100);
    expect(files.filter(file => folderOf(file) === undefined)).to.deep.equal(['lib/package-version.ts']);
  });

  it('names every folder of lib', () => {
    const named = new Set([...document.matchAll(/^\| `(lib[\w/]+)` \|/gm)].map(([, folder]) => folder));
    expect(
      [...new Set(files.map(dirname))].filter(folder => /^lib./.test(folder) && !named.has(folder)),
    ).to.deep.equal([]);
  });

  for (const { folder, ours, others } of rows) {
    it(`says what ${folder} imports`, () => {
      const modules = files.filter(file => folderOf(file) === folder).flatMap(importsOf);
      const known = modules.map(folderOf).filter(found => found !== undefined && found !== folder);
      expect([...new Set(known.map(found => found?.replace('lib/', '')))].sort()).to.deep.equal(ours);
      const foreign = modules.filter(module => !/^(?:lib|workers|node:)/.test(module)).map(packageOf);
      expect([...new Set(foreign)].sort()).to.deep.equal(others);
    });
  }

  for (const folder of ['lib/core', 'lib/status/page']) {
    it(`lets ${folder} do without Node.js`, () => {
      const modules = files.filter(file => folderOf(file) === folder).flatMap(importsOf);
      expect(modules.filter(module => module.startsWith('node:'))).to.deep.equal([]);
    });
  }
});
