/** What a broker has shown becomes events: unpacked, let in, dated, and with what is known of that broker. */

import type { Observed } from '../core/events.ts';
import type { HybridClock } from '../core/version.ts';
import { BatchReader } from '../protocol/batch.ts';
import type { Observations, ProbeAnswer } from '../protocol/messages.ts';
import { type Observation, readObservation } from '../protocol/observation.ts';
import type { Admission } from './admission.ts';
import type { BringEvent } from './event-handler.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Verifier } from './verification/verifier.ts';

export interface IngressDeps {
  readonly table: TopicTable;
  readonly clock: HybridClock;
  readonly verifier: Verifier;
  readonly bring: BringEvent;
  readonly admission: Admission;
}

export class Ingress {
  readonly #deps: IngressDeps;

  constructor(deps: IngressDeps) {
    this.#deps = deps;
  }

  /** What a broker has delivered. */
  observed(link: BrokerLink, { batch, messages }: Observations): void {
    const { table, bring, admission } = this.#deps;
    const reader = new BatchReader(batch);
    const now = Date.now();
    link.messages += messages;
    // A replay is a burst that tells by itself when it is over.
    const isBurst = link.antiEntropy.received(messages, performance.now()) && link.ready;
    while (!reader.done) {
      const observation = readObservation(reader);
      const { topic, replay, retained, own, conflated } = observation;
      const isAccepted = admission.accepts(link, observation);
      // What it shows it retains, also where the value is left out.
      if (replay && retained === true && (isAccepted || table.states.has(topic))) link.replayed?.add(topic);
      if (!isAccepted) continue;
      if (conflated !== undefined) table.passedOver(topic, link.index, conflated);
      bring(topic, this.#dated(link, observation, now));
      // An echo that was dropped is missed anyway.
      if (isBurst && !own && table.states.has(topic)) link.antiEntropy.note(topic);
    }
  }

  /** What a survey has shown. */
  shown(link: BrokerLink, batch: ArrayBuffer): void {
    const { admission, verifier, bring } = this.#deps;
    const reader = new BatchReader(batch);
    const now = Date.now();
    while (!reader.done) {
      const observation = readObservation(reader);
      if (!admission.accepts(link, observation)) continue;
      const { topic } = observation;
      if (verifier.isOfReplay(link, topic)) {
        link.antiEntropy.shown(topic);
        // What was left at the broker meanwhile does not make it older.
        bring(topic, { ...this.#dated(link, observation, now), returnState: 'first contact' });
      } else {
        verifier.shown(link, observation);
      }
    }
  }

  /** What probes have found. Of what there is no room for nothing is known. */
  found(link: BrokerLink, answers: readonly ProbeAnswer[]): void {
    const { admission, verifier } = this.#deps;
    for (const { topic, held } of answers) {
      const isLeftOut = typeof held === 'object' && !admission.acceptsFound(link, topic, held);
      verifier.found(link, { topic, held: isLeftOut ? 'unknown' : held });
    }
  }

  /** What was observed, dated now, should it be a new write. */
  #dated(link: BrokerLink, observation: Observation, now: number): Observed {
    const { clock } = this.#deps;
    const { topic, payload, properties, retained, replay, stamp, own, claim, expiry } = observation;
    return {
      kind: 'observed',
      broker: link.index,
      payload,
      properties,
      retained,
      replay,
      returnState: replay ? link.returnStateOf(topic, observation) : link.returnState,
      stamp: stamp !== undefined && clock.witness(stamp, now) ? stamp : undefined,
      stamps: link.stamps,
      own,
      claim,
      expiry,
      newVersion: clock.next(now),
      firstContactRank: link.rank,
      isBlocked: link.blockedTopics.refuses(topic),
      now,
    };
  }
}
