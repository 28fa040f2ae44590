/** docs/architecture.md is right about the folders and what each imports; and no folders import each other in a circle. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');

/** `| folder | what is in it | imports, of ours | and of others |` */
const ROW = /^\| `([\w/]+)` \|[^|]*\|([^|]*)\|([^|]*)\|$/gm;

/** An import or a re-export that exists at run time: static, or by a call. */
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

/** The most deeply nested folder comes first. */
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

/** Modules that a file imports, without types: ours by their paths, others by their names. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const named = [...text.matchAll(STATIC)]
    .filter(([, names = '']) => !/^\{(?:\s*type [^,}]+,?)+\s*\}$/.test(names))
    .map(([, , module = '']) => module);
  const called = [...text.matchAll(DYNAMIC)].map(([, module = '']) => module);
  return [...named, ...called].map(module => resolved(file, module));
}

function resolved(file: string, module: string): string {
  return module.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), module)) : module;
}

/** `from → to` by folder, with one import that leads from the one to the other. Types count, and so do subfolders. */
function folderImports(): Map<string, string> {
  const imports = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, module = ''] of text.matchAll(/(?:\bfrom |\bimport\(|^import )'(\.[^']+)'/gm)) {
      const target = resolved(file, module);
      const [from, to] = [dirname(file), dirname(target)];
      if (from !== to) imports.set(`${from} → ${to}`, `${file} imports ${target}`);
    }
  }
  return imports;
}

/** The folders that can be reached from a folder by these imports. */
function reachable(start: string, imports: readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [start];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const [from = '', to = ''] of imports.map(each => each.split(' → '))) {
      if (from !== folder || found.has(to)) continue;
      found.add(to);
      open.push(to);
    }
  }
  return found;
}

function closesCircle(edge: string, imports: readonly string[]): boolean {
  const [from = '', to = ''] = edge.split(' → ');
  return reachable(to, imports).has(from);
}

/** `@scope/name` or `name`, without a path into it. */
function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('docs/architecture.md', () => {
  it('lists the folder of every file', () => {
    expect(files).to.have.length.above(100);
    expect(files.filter(file => folderOf(file) === undefined)).to.deep.equal(['lib/package-version.ts']);
  });

  it('lists every folder of lib', () => {
    const named = new Set([...document.matchAll(/^\| `(lib[\w/]+)` \|/gm)].map(([, folder]) => folder));
    expect(
      [...new Set(files.map(dirname))].filter(folder => /^lib./.test(folder) && !named.has(folder)),
    ).to.deep.equal([]);
  });

  for (const { folder, ours, others } of rows) {
    it(`lists what ${folder} imports`, () => {
      const modules = files.filter(file => folderOf(file) === folder).flatMap(importsOf);
      const known = modules.map(folderOf).filter(found => found !== undefined && found !== folder);
      expect([...new Set(known.map(found => found?.replace('lib/', '')))].sort()).to.deep.equal(ours);
      const foreign = modules.filter(module => !/^(?:lib|workers|node:)/.test(module)).map(packageOf);
      expect([...new Set(foreign)].sort()).to.deep.equal(others);
    });
  }

  for (const folder of ['lib/core', 'lib/status/page']) {
    it(`is right that ${folder} does not need Node.js`, () => {
      const modules = files.filter(file => folderOf(file) === folder).flatMap(importsOf);
      expect(modules.filter(module => module.startsWith('node:'))).to.deep.equal([]);
    });
  }
});

describe('the folders of lib', () => {
  const imports = folderImports();
  it('do not import each other in a circle, types and subfolders included', () => {
    expect(imports.size).to.be.above(50);
    const edges = [...imports.keys()];
    const closing = edges.filter(edge => closesCircle(edge, edges));
    expect(closing.map(edge => `${edge}: ${imports.get(edge)}`)).to.deep.equal([]);
  });

  it('keep the types of the API out of the core, the protocol and the reconciler', () => {
    const wrong = [...imports.keys()].filter(edge =>
      /^lib\/(core|protocol|reconciler).* → lib\/status/.test(edge),
    );
    expect(wrong).to.deep.equal([]);
  });
});
