/**
 * `npm run bench -- [--only NAME] [--quick] [--json]`: figures of mqttrep between real mosquitto brokers.
 *
 * It ends with 0 whether targets are reached or not, with 1 where something did not work.
 */

import { parseArgs } from 'node:util';
import { delayedLink } from './delayed-link.ts';
import { flood } from './flood.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { heading, json, type Reported, table } from './report.ts';
import type { Scenario } from './scenario.ts';
import { topics } from './topics.ts';

const scenarios: readonly Scenario[] = [flood, idle, delayedLink, latency, topics];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const chosen = scenarios.filter(({ name }) => options.only === undefined || name === options.only);
if (chosen.length === 0) {
  const names = scenarios.map(({ name }) => name).join(', ');
  console.error(`there is no scenario ${options.only}; there are ${names}`);
  process.exit(64);
}

const results: Reported[] = [];
for (const scenario of chosen) {
  if (!options.json) console.log(heading(scenario));
  for await (const result of scenario.run(options.quick ? 'quick' : 'full')) {
    results.push({ scenario: scenario.name, ...result });
    if (!options.json) console.log(table(result));
  }
}
if (options.json) console.log(json(results));
// Helpers that a scenario left behind end with the process.
process.exit(0);
