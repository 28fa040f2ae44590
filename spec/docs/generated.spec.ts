/** The documents that are made from tables in the source are up to date. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { metricsDocument } from '../../build/metrics-document.ts';
import { schemaDocument } from '../../build/schema-document.ts';
import { settingsDocument } from '../../build/settings-document.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('a document that is made from a table', () => {
  for (const [file, document] of [
    ['docs/settings.md', settingsDocument],
    ['docs/metrics.md', metricsDocument],
    ['contrib/mqttrep.schema.json', schemaDocument],
  ] as const) {
    it(`is up to date: ${file}`, () => {
      const written = readFileSync(join(ROOT, file), 'utf8');
      expect(written, `run \`npm run docs\` to write ${file} again`).to.equal(document());
    });
  }
});
