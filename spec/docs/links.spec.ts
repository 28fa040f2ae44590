/** The links of the documents lead somewhere, and the files that they name exist. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(import.meta.dirname, '../../..');

const DOCUMENTS = [
  ...['README.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .map(file => `docs/${file}`),
];

/** `[text](target)` and `src="target"`, but for other sites. */
const LINK = /(?:\]\(|src(?:set)?=")(?!https?:)([^)"]+)[)"]/g;

/** A file or a folder of this repository, from its root: `lib/core/step.ts`. */
const PATH = /(?<![\w/.@-])(?:lib|spec|bench|workers|contrib|bin|build)\/[\w./-]*[\w/]/g;

/** What package.json publishes of the repository, and what npm always adds. */
const PUBLISHED = new RegExp(
  `^(?:${[
    'README.md',
    'LICENSE',
    'package.json',
    ...JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).files,
  ]
    .filter((file: string) => !file.startsWith('!'))
    .join('|')})(?:/|$)`,
);

function textOf(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** The anchors of the headings, as GitHub makes them. */
function anchorsOf(document: string): Set<string> {
  return new Set(
    [...textOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function isBroken(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && !anchorsOf(target).has(anchor);
}

for (const document of DOCUMENTS) {
  describe(document, () => {
    it('links to nothing that the package lacks, since it is in the package too', () => {
      const links = [...textOf(document).matchAll(LINK)].map(([, link = '']) => link.replace(/#.*/, ''));
      const targets = links.filter(link => link !== '').map(link => join(dirname(document), link));
      expect(targets.filter(target => !PUBLISHED.test(target))).to.deep.equal([]);
    });

    it('has links that lead somewhere', () => {
      const links = [...textOf(document).matchAll(LINK)].map(([, link = '']) => link);
      expect(links.filter(link => isBroken(document, link))).to.deep.equal([]);
    });

    it('names files that exist', () => {
      const paths = textOf(document).match(PATH) ?? [];
      expect(paths.filter(path => !existsSync(join(ROOT, path)))).to.deep.equal([]);
    });
  });
}
