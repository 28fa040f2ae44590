/** `mqttrep config`: prints the effective configuration, secrets masked. */

import { describeConfig } from '../config/effective.ts';
import { printableJson } from '../core/printable.ts';
import { EXIT } from './exit-codes.ts';
import { loadConfig, printProblems } from './load-config.ts';

export function showConfig(envFile: string | undefined, format: 'text' | 'json'): number {
  const loaded = loadConfig(envFile);
  printProblems(loaded);
  if (loaded.config === undefined) return EXIT.config;
  const { data, text } = describeConfig(loaded.config);
  process.stdout.write(
    format === 'json' ? `${printableJson(JSON.stringify(data, null, 2))}\n` : `${text.trimEnd()}\n`,
  );
  return EXIT.ok;
}
