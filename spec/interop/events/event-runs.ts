/**
 * `npm run events:runs -- --runs N --seed S [--jobs J] [--make NAME] [--protocol 4|5] [--payloads distinct|equal]`: events
 * between two real brokers while links are cut and mqttrep is killed. The brokers are two mosquittos, new ones for each run,
 * or one mosquitto and a broker of this make, which stays. Each run prints what was lost, out of order and doubled; one that
 * ends wrongly prints its seed and keeps the log of mqttrep, and the exit code is 1.
 */

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawEventPlan, type EventPlan, faultsOf, formatEventPlan } from '../../faults/events/event-plan.ts';
import { playEventPlan } from '../../faults/events/event-run.ts';
import type { EventVerdict } from '../../faults/events/event-verdict.ts';
import type { Make } from '../makes/make.ts';
import { MAKES } from '../makes/makes.ts';
import { eventLimitsInWords, permittedThrough } from './event-limits.ts';
import { LastingMake } from './lasting-make.ts';

/** Over MQTT 3.1.1, equal payloads may be doubled: as many for each fault. */
const DOUBLED_PER_FAULT = 20;

/** Events that are wrong, on the terminal; the log has all of them. */
const MAX_SHOWN = 6;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    make: { type: 'string' },
    protocol: { type: 'string' },
    payloads: { type: 'string', default: 'distinct' },
  },
});
const [runs, jobs] = [Number(values.runs), Number(values.jobs)];
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const { payloads } = values;
const make = values.make === undefined ? undefined : MAKES[values.make];

if (
  ![runs, jobs, firstSeed].every(number => Number.isInteger(number) && number >= 0) ||
  (values.make !== undefined && make === undefined) ||
  ![undefined, '4', '5'].includes(values.protocol) ||
  (payloads !== 'distinct' && payloads !== 'equal')
) {
  console.error(
    `events:runs: --runs, --jobs and --seed take whole numbers, --protocol 4 or 5, --payloads distinct or equal, --make one of ${Object.keys(MAKES).join(', ')}`,
  );
  process.exitCode = 64;
} else {
  // Two mosquittos speak MQTT 5; with another make mqttrep finds out, as it does for its users.
  const unforced = make === undefined ? 5 : undefined;
  const forced = values.protocol === undefined ? unforced : values.protocol === '5' ? 5 : 4;
  await playAll(seed => drawEventPlan(seed, forced, payloads), make, forced);
}

async function playAll(
  draw: (seed: number) => EventPlan,
  tried: Make | undefined,
  forced: EventPlan['protocolVersion'],
): Promise<void> {
  const lasting = tried === undefined ? undefined : await LastingMake.start(tried, forced);
  if (tried !== undefined && lasting !== undefined)
    console.log(`B is ${tried.title} ${tried.version()}: ${eventLimitsInWords(lasting.limits).join('; ')}`);
  console.log(`${runs} runs, ${jobs} at a time, first seed ${firstSeed}`);
  let next = 0;
  const verdicts: EventVerdict[] = [];
  const failed: number[] = [];
  const worker = async () => {
    for (let run = next++; run < runs; run = next++) {
      const plan = draw(firstSeed + run);
      const { verdict, log } = await playEventPlan(plan, lasting);
      verdicts.push(verdict);
      console.log(`seed ${plan.seed}: ${inWords([verdict])}`);
      if (isRight(plan, verdict, lasting)) continue;
      failed.push(plan.seed);
      const path = join(tmpdir(), `mqttrep-event-run-${plan.seed}.log`);
      writeFileSync(path, `${log}\n${lasting?.log() ?? ''}\n${verdict.examples.join('\n')}\n`);
      console.log(
        `  WRONG. ${formatEventPlan(plan)}\n  ${verdict.examples.slice(0, MAX_SHOWN).join('\n  ')}\n  log: ${path}`,
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  await lasting?.stop();
  console.log(`${runs - failed.length} of ${runs} ended right: ${inWords(verdicts)}`);
  // Publishes that were never acknowledged would keep the process.
  process.exit(failed.length > 0 ? 1 : 0);
}

/** As far as a plain client fares no worse at the make. */
function isRight(plan: EventPlan, verdict: EventVerdict, lasting: LastingMake | undefined): boolean {
  const { protocolVersion, payloads, faults } = plan;
  const ofEqual = protocolVersion !== 5 && payloads === 'equal' ? DOUBLED_PER_FAULT * faults.length : 0;
  if (lasting === undefined)
    return verdict.lost === 0 && verdict.disordered === 0 && verdict.doubled <= ofEqual;
  const { mayLose, isOrdered, mayDouble } = permittedThrough(
    faultsOf('B', plan),
    verdict.written,
    lasting.limits,
  );
  return (
    (mayLose || verdict.lost === 0) &&
    // The subscribers of B see the events of both sites in its order.
    (!lasting.limits.isOrdered || disorderedFrom('A', [verdict]) === 0) &&
    (!isOrdered || disorderedFrom('B', [verdict]) === 0) &&
    verdict.doubled <= mayDouble + ofEqual
  );
}

function disorderedFrom(site: string, verdicts: readonly EventVerdict[]): number {
  return verdicts.reduce((sum, verdict) => sum + (verdict.disorderedFrom.get(site) ?? 0), 0);
}

function inWords(verdicts: readonly EventVerdict[]): string {
  const sum = (key: 'written' | 'lost' | 'doubled') =>
    verdicts.reduce((total, verdict) => total + verdict[key], 0);
  const [fromA, fromB] = [disorderedFrom('A', verdicts), disorderedFrom('B', verdicts)];
  const sites = fromA + fromB === 0 ? '' : ` (${fromA} of A, ${fromB} of B)`;
  return `${sum('written')} events written, ${sum('lost')} lost, ${fromA + fromB} out of order${sites}, ${sum('doubled')} doubled`;
}
