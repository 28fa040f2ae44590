/**
 * A trial of the ingress: messages arrive, the reconciler gives credit at any time, and the session goes from replay to live. The
 * reconciler must get each message once, in order and read in the mode in which it arrived, and no more batches than it allows.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { UNTESTED } from '../../../lib/broker/capabilities/broker-capabilities.ts';
import { CREDIT, Fixture, modeOf } from './ingress-fixture.ts';

type Act =
  | { readonly kind: 'message'; readonly topic: string }
  | { readonly kind: 'flush' | 'credit' | Phase };
type Phase = 'replay' | 'live';

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('message'), topic: fc.constantFrom('a', 'b') }) },
    { weight: 4, arbitrary: fc.constant({ kind: 'flush' } as const) },
    { weight: 1, arbitrary: fc.constantFrom<Act>({ kind: 'credit' }, { kind: 'replay' }, { kind: 'live' }) },
  ),
  { minLength: 10, maxLength: 60, size: 'max' },
) as fc.Arbitrary<readonly Act[]>;

/** Rejects if the ingress does anything wrong in one of so many runs. */
export async function tryIngress(runs: number, seed: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(acts, async all => tryActs(all)),
    { numRuns: runs, seed, endOnFailure: true },
  );
}

async function tryActs(all: readonly Act[]): Promise<void> {
  const fixture = new Fixture(modeOf(UNTESTED, 5, 'live'));
  const expected: { topic: string; payload: string; replay: boolean }[] = [];
  let phase: Phase = 'live';
  let last = { done: true };
  let credited = 0;
  const inFlight = () => fixture.batches.length - credited;
  for (const act of all) {
    switch (act.kind) {
      case 'message':
        // MQTT.js reads no further before a message is acknowledged.
        if (!last.done) break;
        expected.push({ topic: act.topic, payload: String(expected.length), replay: phase === 'replay' });
        last = fixture.take(act.topic, expected.at(-1)?.payload);
        break;
      case 'flush':
        fixture.ingress.flush();
        break;
      case 'credit':
        if (inFlight() === 0) break;
        credited++;
        fixture.ingress.credit(1);
        break;
      default:
        phase = act.kind;
        fixture.ingress.mode = modeOf(UNTESTED, 5, phase);
    }
    expect(inFlight(), 'batches in flight, one of them of the message that is held').to.be.at.most(
      CREDIT + 1,
    );
    await turn();
  }
  fixture.ingress.flush();
  await turn();
  const shown = fixture.batches
    .flat()
    .map(({ topic, payload, replay }) => ({ topic, payload: String(payload), replay }));
  expect(shown).to.deep.equal(expected);
}
