/** `mqttrep check`: is the configuration valid? */

import { EXIT } from './exit-codes.ts';
import { loadConfig, printProblems } from './load-config.ts';

export function check(envFile: string | undefined): number {
  const loaded = loadConfig(envFile);
  printProblems(loaded);
  if (loaded.config === undefined) return EXIT.config;
  const { brokers, topics } = loaded.config;
  process.stdout.write(
    `The configuration is valid: ${count(brokers.length, 'broker')}, ${count(topics.length, 'topic filter')}.\n`,
  );
  return EXIT.ok;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
