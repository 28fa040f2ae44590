/**
 * Mutants of the reconciler actor, one for each of its parts. They change what crosses its ports and what its core answers, so
 * that they do not depend on how the parts are cut.
 */

import { outcome } from '../../lib/core/outcome.ts';
import { step } from '../../lib/core/step.ts';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import { readObservation, writeObservation } from '../../lib/protocol/observation.ts';
import type { Mutant } from './mutant.ts';

/** By the part, and what it does wrong. */
export const ACTOR_MUTANTS: Readonly<Record<string, Mutant>> = {
  'EventHandler: does not have the topic of a new winner sampled': {
    caughtBy: ['single writers'],
    step: (register, event, policy) => {
      const result = step(register, event, policy);
      return event.kind === 'observed' && result.effect === 'won' ? { ...result, effect: 'idle' } : result;
    },
  },
  'Dispatcher: offers topics to a broker before its replay has ended': {
    caughtBy: ['single writers'],
    port: port => ({
      ...port,
      on: (event, listener) =>
        port.on(event, message => {
          listener(message);
          if (message.kind === 'session-started')
            listener({ kind: 'caught-up', stamps: message.stamps, isReplayIncomplete: false });
        }),
    }),
  },
  'Verifier: does not compare what a returning broker shows with what it held': {
    caughtBy: ['partitions'],
    step: (register, event, policy) =>
      event.kind === 'returned' ? outcome(register, 'idle') : step(register, event, policy),
  },
  'ObservationReader: takes a replayed message for a live one': {
    caughtBy: ['partitions'],
    port: port => ({
      ...port,
      on: (event, listener) =>
        port.on(event, message =>
          listener(message.kind === 'observations' ? { ...message, batch: asLive(message.batch) } : message),
        ),
    }),
  },
};

function asLive(batch: ArrayBuffer): ArrayBuffer {
  const reader = new BatchReader(batch);
  const writer = new BatchWriter();
  while (!reader.done) {
    const observation = readObservation(reader);
    const payload = Buffer.from(observation.payload, 'latin1');
    writeObservation(writer, { ...observation, payload, replay: false });
  }
  return writer.take();
}
