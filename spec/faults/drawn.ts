/**
 * Faults drawn together: rights that come and go, brokers that lose a moment of their data, processes that stand still,
 * links that are cut or silent, mqttrep killed. More of them: `npm run faults -- --runs 200`.
 */

import { requireMosquitto } from '../support/mosquitto.ts';
import { drawPlan, formatPlan } from './drawn/plan.ts';
import { playPlan } from './drawn/run.ts';

const RUNS = 6;

/** Another seed: `SEED=… npm run test:faults`. */
const firstSeed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

describe('Faults that are drawn', function () {
  this.timeout(0);

  before(function () {
    requireMosquitto(this);
  });

  for (let seed = firstSeed; seed < firstSeed + RUNS; seed++) {
    const plan = drawPlan(seed, { limits: false });
    it(`leave the brokers equal, and undo nothing: ${formatPlan(plan).replaceAll('\n', ';')}`, () =>
      playPlan(plan));
  }
});
