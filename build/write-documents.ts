/** Writes the documents that are made from tables in the source: `npm run docs`. */

import { writeFileSync } from 'node:fs';
import { metricsDocument } from './metrics-document.ts';
import { schemaDocument } from './schema-document.ts';
import { settingsDocument } from './settings-document.ts';

writeFileSync('docs/settings.md', settingsDocument());
writeFileSync('docs/metrics.md', metricsDocument());
writeFileSync('contrib/mqttrep.schema.json', schemaDocument());
