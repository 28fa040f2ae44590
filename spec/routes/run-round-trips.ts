/**
 * `npm run routes -- --topics N --seed S`: random topics there and back by random mapping rules, a million unless said otherwise.
 * Ends with exit code 1 at the first statement that does not hold.
 */

import { parseArgs } from 'node:util';
import { seededRandom } from '../support/random.ts';
import { roundTrips } from './round-trips.ts';

const { values } = parseArgs({
  options: { topics: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const { topics, sets, refused, failures } = roundTrips(
  seededRandom(Number(values.seed)),
  Number(values.topics),
);
console.log(`${topics} topics by ${sets} sets of rules, of which ${refused} were refused`);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 && topics >= Number(values.topics) ? 0 : 1;
