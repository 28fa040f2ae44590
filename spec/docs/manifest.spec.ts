/** package.json: what the package holds, links and publishes. */

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempFolder } from '../support/temp-folder.ts';

const ROOT = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly man: unknown;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, { readonly types: string } | string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** npm packs these, whatever `files` says. */
const ALWAYS = ['package.json', 'README.md', 'LICENSE'];

function isPacked(path: string): boolean {
  return [...ALWAYS, ...manifest.files].some(entry => path === entry || path.startsWith(`${entry}/`));
}

describe('package.json', () => {
  it('lists the man page in an array, since npm 11 links no other', () => {
    expect(manifest.man).to.deep.equal(['./dist/man/mqttrep.1']);
    expect(existsSync(join(ROOT, 'dist/man/mqttrep.1'))).to.equal(true);
  });

  for (const document of ['README.md', 'CHANGELOG.md']) {
    it(`packs every file that ${document} links to`, () => {
      const text = readFileSync(join(ROOT, document), 'utf8');
      const links = [...text.matchAll(/(?:\]\(|src(?:set)?=")(?!https?:|#)([^)"#]+)/g)].map(
        ([, l = '']) => l,
      );
      expect(links).to.not.deep.equal([]);
      expect(links.filter(link => !isPacked(link))).to.deep.equal([]);
    });
  }

  describe('as another package sees it', () => {
    let folder: string;

    before(() => {
      folder = tempFolder('importing');
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(ROOT, join(folder, 'node_modules', 'mqttrep'));
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    });

    it('publishes the types of the API, which import nothing', function () {
      this.timeout(60_000);
      const source = `import type { BrokerStatus, Conflict, Delta, LinkState, Status, TopicDetails } from 'mqttrep/api';
export const states = (status: Status): LinkState[] => status.brokers.map(({ state }: BrokerStatus) => state);
export type All = [Conflict, Delta, TopicDetails];
`;
      writeFileSync(join(folder, 'use.ts'), source);
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const options = ['--noEmit', '--strict', '--types', '', '--module', 'nodenext', '--preserveSymlinks'];
      execFileSync(process.execPath, [tsc, ...options, 'use.ts'], { cwd: folder });
    });

    it('closes everything else', async () => {
      const load = (specifier: string) =>
        spawnSync(process.execPath, ['--input-type=module', '-e', `await import('${specifier}')`], {
          cwd: folder,
          encoding: 'utf8',
        }).stderr;
      for (const inner of ['mqttrep', 'mqttrep/dist/lib/cli/main.js', 'mqttrep/dist/bin/mqttrep.js'])
        expect(load(inner), inner).to.contain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    });
  });
});

describe('ecosystem.config.cjs', () => {
  const load = (file: string, path: string) =>
    spawnSync(process.execPath, ['-p', `require(${JSON.stringify(file)}).apps[0].script`], {
      encoding: 'utf8',
      env: { PATH: path },
    });

  it('starts the mqttrep beside it', () => {
    const { stdout } = load(join(ROOT, 'ecosystem.config.cjs'), '');
    expect(stdout.trim()).to.equal(join(ROOT, 'dist/bin/mqttrep.js'));
  });

  it('starts the installed mqttrep from a copy in another folder', () => {
    const folder = tempFolder('ecosystem');
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    symlinkSync(join(ROOT, 'dist/bin/mqttrep.js'), join(bin, 'mqttrep'));
    copyFileSync(join(ROOT, 'ecosystem.config.cjs'), join(folder, 'mine.config.cjs'));
    const { stdout } = load(join(folder, 'mine.config.cjs'), `/nowhere:${bin}`);
    expect(stdout.trim()).to.equal(join(ROOT, 'dist/bin/mqttrep.js'));
  });

  it('says what to do where no mqttrep is installed', () => {
    const folder = tempFolder('ecosystem');
    copyFileSync(join(ROOT, 'ecosystem.config.cjs'), join(folder, 'mine.config.cjs'));
    const { stderr } = load(join(folder, 'mine.config.cjs'), '/nowhere');
    expect(stderr).to.match(/mqttrep is neither in \S+ nor on the PATH: run npm install -g mqttrep/);
  });
});
