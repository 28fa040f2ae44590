/**
 * How many cases of a spec run. `npm test` runs representative cases, so that it takes minutes. `npm run test:faults` runs
 * all cases of the specs that import this module; CI does so too.
 */

const isInFull = process.env['SPECS'] === 'in full';

/** Returns all cases, or representative ones. */
export function inFull<Cases>(all: Cases, representative: Cases): Cases {
  return isInFull ? all : representative;
}

/** A spec that runs only in full: otherwise another spec of its file, or a simulated history, represents it. */
export const itInFull: (title: string, test: Mocha.AsyncFunc) => void = isInFull
  ? (title, test) => {
      it(title, test);
    }
  : () => undefined;
