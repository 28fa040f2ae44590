/**
 * Faults drawn together: rights that come and go, brokers that lose a moment of their data, processes that stand still,
 * links that are cut or silent, mqttrep killed; and brokers with limits. More of them: `npm run faults -- --runs 200 --limits`.
 */

import { requireMosquitto } from '../support/mosquitto.ts';
import { drawPlan, formatPlan } from './drawn/plan.ts';
import { playPlan } from './drawn/run.ts';

const RUNS = 6;

/** And between brokers that may have limits, over traffic that some of these do not allow. */
const LIMITED_RUNS = 4;

/** Another seed: `SEED=… npm run test:faults`. */
const firstSeed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

describe('Faults that are drawn', function () {
  this.timeout(0);

  before(function () {
    requireMosquitto(this);
  });

  for (const { seed, limits } of [...runs(RUNS, false), ...runs(LIMITED_RUNS, true)]) {
    const plan = drawPlan(seed, { limits });
    const outcome = limits ? 'equal but for what is named as not taken' : 'equal';
    it(`leave the brokers ${outcome}, and undo nothing: ${formatPlan(plan).replaceAll('\n', ';')}`, () =>
      playPlan(plan));
  }
});

function runs(count: number, limits: boolean) {
  return Array.from({ length: count }, (_, index) => ({ seed: firstSeed + index, limits }));
}
