/**
 * `npm run events:runs -- --runs N --seed S [--jobs J] [--protocol 4|5] [--payloads distinct|equal]`: events between two real
 * brokers while links are cut and mqttrep is killed. Each run prints what was lost, out of order and doubled; one that ends
 * wrongly prints its seed and keeps the log of mqttrep, and the exit code is 1.
 */

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { drawEventPlan, type EventPlan, formatEventPlan } from './event-plan.ts';
import { playEventPlan } from './event-run.ts';
import type { EventVerdict } from './event-verdict.ts';

/** Over MQTT 3.1.1, equal payloads may be doubled: as many for each fault. */
const DOUBLED_PER_FAULT = 20;

/** Events that are wrong, on the terminal; the log has all of them. */
const MAX_SHOWN = 6;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    protocol: { type: 'string', default: '5' },
    payloads: { type: 'string', default: 'distinct' },
  },
});
const [runs, jobs] = [Number(values.runs), Number(values.jobs)];
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const protocol = values.protocol === '5' ? 5 : values.protocol === '4' ? 4 : undefined;
const { payloads } = values;

if (
  ![runs, jobs, firstSeed].every(number => Number.isInteger(number) && number >= 0) ||
  protocol === undefined ||
  (payloads !== 'distinct' && payloads !== 'equal')
) {
  console.error(
    'events:runs: --runs, --jobs and --seed take whole numbers, --protocol 4 or 5, --payloads distinct or equal',
  );
  process.exitCode = 64;
} else {
  await playAll(seed => drawEventPlan(seed, protocol, payloads));
}

async function playAll(draw: (seed: number) => EventPlan): Promise<void> {
  console.log(`${runs} runs, ${jobs} at a time, first seed ${firstSeed}`);
  let next = 0;
  const failed: number[] = [];
  const sum = { written: 0, lost: 0, disordered: 0, doubled: 0 };
  const worker = async () => {
    for (let run = next++; run < runs; run = next++) {
      const plan = draw(firstSeed + run);
      const { verdict, log } = await playEventPlan(plan);
      for (const key of ['written', 'lost', 'disordered', 'doubled'] as const) sum[key] += verdict[key];
      console.log(`seed ${plan.seed}: ${inWords(verdict)}`);
      if (isRight(plan, verdict)) continue;
      failed.push(plan.seed);
      const path = join(tmpdir(), `mqttrep-event-run-${plan.seed}.log`);
      writeFileSync(path, `${log}\n${verdict.examples.join('\n')}\n`);
      console.log(
        `  WRONG. ${formatEventPlan(plan)}\n  ${verdict.examples.slice(0, MAX_SHOWN).join('\n  ')}\n  log: ${path}`,
      );
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  console.log(`${runs - failed.length} of ${runs} ended right: ${inWords(sum)}`);
  // Publishes that were never acknowledged would keep the process.
  process.exit(failed.length > 0 ? 1 : 0);
}

function isRight({ protocolVersion, payloads, faults }: EventPlan, verdict: EventVerdict): boolean {
  const mayDouble = protocolVersion < 5 && payloads === 'equal' ? DOUBLED_PER_FAULT * faults.length : 0;
  return verdict.lost === 0 && verdict.disordered === 0 && verdict.doubled <= mayDouble;
}

function inWords({ written, lost, disordered, doubled }: Omit<EventVerdict, 'examples'>): string {
  return `${written} events written, ${lost} lost, ${disordered} out of order, ${doubled} doubled`;
}
