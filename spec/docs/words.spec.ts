/** Sources and documents do without the words that banned-words.ts lists. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bannedWordsIn } from './banned-words.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Folders and files that are checked, each with all that it contains. */
const CHECKED = [
  'bench',
  'bin',
  'contrib',
  'docs',
  'lib',
  'spec',
  'workers',
  'CHANGELOG.md',
  'README.md',
  'SECURITY.md',
  'package.json',
] as const;

const READABLE = /\.(?:tsx?|md|json)$/;

/** The list of banned words itself, and this file. */
const EXEMPT: ReadonlySet<string> = new Set(['spec/docs/banned-words.ts', 'spec/docs/words.spec.ts']);

function filesIn(place: string): string[] {
  if (READABLE.test(place)) return [place];
  return readdirSync(join(ROOT, place), { recursive: true, encoding: 'utf8' })
    .filter(file => READABLE.test(file))
    .map(file => join(place, file))
    .filter(file => !EXEMPT.has(file));
}

function violationsIn(file: string): string[] {
  const lines = [file, ...readFileSync(join(ROOT, file), 'utf8').split('\n')];
  return lines.flatMap((line, number) => bannedWordsIn(line).map(what => `${file}:${number}: ${what}`));
}

describe('The language of sources and documents', () => {
  for (const place of CHECKED) {
    it(`has no banned word in ${place}`, () => {
      const files = filesIn(place);
      expect(files).to.have.length.above(0);
      expect(files.flatMap(violationsIn)).to.deep.equal([]);
    });
  }
});

describe('bannedWordsIn', () => {
  const cases: readonly (readonly [line: string, banned: readonly string[]])[] = [
    ['// It is written anew.', ['anew']],
    ['readonly erasedAt: number;', ['erased']],
    ['this.#isPresumed = hastenProbe(LAST_SURVEY);', ['presumed', 'hasten', 'survey']],
    ['class SaverDeps {', ['saver']],
    ['Two publishes are under way.', ['under way']],
    ['// We recommend to amend what is hindsight, oversight and industrial.', []],
    ['An outstanding understanding of rigid triggers.', []],
  ];
  for (const [line, banned] of cases) {
    it(`finds ${banned.length === 0 ? 'nothing' : banned.join(', ')} in: ${line}`, () => {
      const found = bannedWordsIn(line).map(what => /"(.*)"/.exec(what)?.[1]);
      expect(found).to.deep.equal(banned);
    });
  }
});
