/**
 * How much of a spec is run. `npm test` runs the cases that stand for all the others, so that it takes minutes; `npm run
 * test:faults` runs the specs that import this module in full, and so does the gate.
 */

const isInFull = process.env['SPECS'] === 'in full';

/** All cases, or those that stand for them. */
export function inFull<Cases>(all: Cases, representative: Cases): Cases {
  return isInFull ? all : representative;
}

/** A spec that is run in full only: another one of its file, or a simulated history, stands for it. */
export const itInFull: (title: string, test: Mocha.AsyncFunc) => void = isInFull
  ? (title, test) => {
      it(title, test);
    }
  : () => undefined;
