/** The trial of the ingress can fail: each mutant does one thing wrong, and is caught. */

import { expect } from 'chai';
import { Ingress } from '../../../lib/broker/incoming/ingress.ts';
import { failureOf } from '../../support/failure-of.ts';
import { replaceMethod } from '../../support/replace-method.ts';
import { tryIngress } from './ingress-trial.ts';

const RUNS = 200;

/** Each run is the same: the spec proves that it is good enough. */
const SEED = 20_260_101;

/** By what each does wrong. They return what restores the ingress. */
const MUTANTS: Readonly<Record<string, () => () => void>> = {
  'reads waiting messages in the mode that follows them': () =>
    replaceMethod(Ingress, 'flush', () => () => undefined),
  'acknowledges each message at once': () =>
    replaceMethod(
      Ingress,
      'take',
      original =>
        function (this: Ingress, packet, done) {
          original.call(this, packet, () => undefined);
          done();
        },
    ),
  'counts the credit for a batch twice': () =>
    replaceMethod(
      Ingress,
      'credit',
      original =>
        function (this: Ingress, batches) {
          original.call(this, 2 * batches);
        },
    ),
};

describe('The trial of the ingress', () => {
  it('passes, whatever arrives and however late the reconciler is', () => tryIngress(RUNS, SEED));

  for (const [name, mutate] of Object.entries(MUTANTS)) {
    it(`catches an ingress that ${name}`, async () => {
      const restore = mutate();
      try {
        expect(await failureOf(tryIngress(RUNS, SEED))).to.be.instanceOf(Error);
      } finally {
        restore();
      }
    });
  }
});
