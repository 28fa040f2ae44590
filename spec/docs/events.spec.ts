/** What docs/events.md promises by number is checked by the specs that it names. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TRANSITIONS } from '../../lib/events/destination-state.ts';

const ROOT = join(import.meta.dirname, '../../..');
const document = readFileSync(join(ROOT, 'docs/events.md'), 'utf8');
const rows = [...document.matchAll(/^\| (E\d+) \|.*\|([^|]*)\|$/gm)].map(([, id = '', specs = '']) => ({
  id,
  specs: specs.match(/spec\/[\w/.-]+\.spec\.ts/g) ?? [],
}));

/** The numbers before the colon in the title of a spec, or in the opening of a file: `E1, E2: …`. */
function numbersIn(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:['"`]|\* )((?:E\d+(?:, )?)+):/g)].flatMap(([, list = '']) => list.split(', '));
}

describe('docs/events.md', () => {
  it('numbers its invariants without a gap', () => {
    expect(rows.map(({ id }) => id)).to.deep.equal(Array.from({ length: 12 }, (_, index) => `E${index + 1}`));
  });

  for (const { id, specs } of rows) {
    it(`has ${id} checked by the specs it names`, () => {
      expect(specs).to.have.length.above(0);
      for (const spec of specs) {
        expect(existsSync(join(ROOT, spec)), `${spec} is there`).to.equal(true);
        expect(numbersIn(spec), `numbers in ${spec}`).to.include(id);
      }
    });
  }

  it('shows a row for each state of a destination, and a column for each event', () => {
    const [, head = ''] = /^\| \|( `connected`.*)\|$/m.exec(document) ?? [];
    const states = Object.keys(TRANSITIONS) as (keyof typeof TRANSITIONS)[];
    for (const state of states) {
      expect(document).to.match(new RegExp(`^\\| \`${state}\` \\| [^|]*\\|$`, 'm'));
      expect(Object.keys(TRANSITIONS[state])).to.deep.equal(head.match(/[a-z-]+/g));
    }
  });
});
