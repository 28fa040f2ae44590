/** contrib/mqttrep.schema.json: the JSON Schema of mqttrep.yaml. `npm run docs` writes it, from the schema that checks the file. */

import { toJsonSchema } from '@valibot/to-json-schema';
import { CONFIG_FILE } from '../lib/config/file/file-schema.ts';

export function schemaDocument(): string {
  // What JSON Schema cannot say, such as the bounds of a number in a text, is checked by mqttrep itself.
  const { $schema, ...schema } = toJsonSchema(CONFIG_FILE, { errorMode: 'ignore', typeMode: 'input' });
  return `${JSON.stringify({ $schema, title: 'mqttrep.yaml', ...schema }, null, 2)}\n`;
}
