/** `mqttrep config`: prints the effective configuration, secrets masked; with `--yaml` as a file for `--config`. */

import { readFileSync } from 'node:fs';
import { describeConfig } from '../config/effective.ts';
import { configFileOf } from '../config/file/write-file.ts';
import { printableJson } from '../core/printable.ts';
import { EXIT } from './exit-codes.ts';
import { loadConfig, loadVariables, printProblems, type Source } from './load-config.ts';

export async function showConfig(source: Source, format: 'text' | 'json' | 'yaml'): Promise<number> {
  const loaded = await loadConfig(source);
  printProblems(loaded);
  if (loaded.config === undefined) return EXIT.config;
  if (format === 'yaml') {
    const { variables } = await loadVariables(source);
    process.stdout.write(configFileOf(variables, path => readFileSync(path, 'utf8')));
    return EXIT.ok;
  }
  const { data, text } = describeConfig(loaded.config);
  process.stdout.write(
    format === 'json' ? `${printableJson(JSON.stringify(data, null, 2))}\n` : `${text.trimEnd()}\n`,
  );
  return EXIT.ok;
}
