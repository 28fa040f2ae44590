/**
 * Mutants of the reconciler actor, by its part. Some replace a method of the class itself. The others change what crosses the
 * actor's ports, where that shows the same mistake.
 */

import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import { readObservation, writeObservation } from '../../lib/protocol/observation.ts';
import { toBuffer } from '../../lib/protocol/payload.ts';
import { Dispatcher } from '../../lib/reconciler/dispatcher.ts';
import { EventHandler } from '../../lib/reconciler/event-handler.ts';
import { Verifier } from '../../lib/reconciler/verification/verifier.ts';
import { replaceMethod } from '../support/replace-method.ts';
import type { Mutant } from './mutant.ts';

/** By what each does wrong. */
export const ACTOR_MUTANTS: Readonly<Record<string, Mutant>> = {
  'has an EventHandler that has no topic sampled that a broker lacks': {
    caughtBy: ['single writers'],
    replaceMethods: () =>
      replaceMethod(
        EventHandler,
        'handle',
        original =>
          function (this: EventHandler, topic, event) {
            const result = original.call(this, topic, event);
            return result === 'lacking' ? 'changed' : result;
          },
      ),
  },
  'has a Dispatcher that offers a broker that has caught up nothing that it lacks': {
    caughtBy: ['partitions'],
    replaceMethods: () =>
      replaceMethod(
        Dispatcher,
        'offerAll',
        () =>
          function (this: Dispatcher, link) {
            this.pump(link);
          },
      ),
  },
  'has a Dispatcher that offers topics to a broker before its replay has ended': {
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
  'has a Verifier that does not compare what a returning broker shows with what it held': {
    caughtBy: ['partitions'],
    replaceMethods: () => replaceMethod(Verifier, 'compare', () => () => undefined),
  },
  'has an ObservationReader that takes a replayed message for a live one': {
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
    const payload = toBuffer(observation.payload);
    writeObservation(writer, { ...observation, payload, replay: false });
  }
  return writer.take();
}
