/**
 * What a broker has shown becomes events: unpacked, admitted, dated, and combined with what is known of that broker.
 *
 * Up to `applyEvent` no register changes, but admission may forget other topics to make room. A topic's policy
 * (topics/topic-policies.ts) is known here already, so messages of some topics can be routed elsewhere at this point.
 */

import type { Observed } from '../core/events.ts';
import type { HybridClock } from '../core/version.ts';
import { BatchReader } from '../protocol/batch.ts';
import type { Observations, ProbeAnswer } from '../protocol/messages.ts';
import { type Observation, readObservation } from '../protocol/observation.ts';
import { payloadFromRaw } from '../protocol/payload.ts';
import type { Admission } from './admission.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { ApplyEvent } from './topics/topic-event.ts';
import type { TopicTable } from './topics/topic-table.ts';
import type { Verifier } from './verification/verifier.ts';

export interface ObservationReaderDeps {
  readonly table: TopicTable;
  readonly clock: HybridClock;
  readonly verifier: Verifier;
  readonly applyEvent: ApplyEvent;
  readonly admission: Admission;
}

export class ObservationReader {
  readonly #deps: ObservationReaderDeps;

  constructor(deps: ObservationReaderDeps) {
    this.#deps = deps;
  }

  /** A broker has delivered a batch of messages. */
  observed(link: BrokerLink, { batch, messages }: Observations): void {
    const { table, applyEvent, admission } = this.#deps;
    const { session, antiEntropy, inboundCredit, worker } = link;
    const bytes = batch.byteLength;
    const reader = new BatchReader(batch);
    const now = Date.now();
    const uptime = performance.now();
    session.received(messages);
    // A replay is no burst: its end is known.
    const isBurst = antiEntropy.received(messages, uptime) && session.isReady;
    while (!reader.done) {
      const observation = readObservation(reader);
      const { topic, replay, retained, own, conflated } = observation;
      const isAdmitted = admission.accepts(link, observation);
      // The broker retains what its replay shows, also where there is no room for the value.
      if (replay && retained === true && (isAdmitted || table.states.has(topic))) session.replayShown(topic);
      if (!isAdmitted) continue;
      if (conflated !== undefined) table.passedOver(topic, link.index, conflated);
      applyEvent(topic, this.#dated(link, observation, now));
      // A dropped echo needs no scan: it becomes overdue.
      if (isBurst && !own) antiEntropy.note(topic);
    }
    worker.credit(inboundCredit.received(bytes, uptime));
  }

  /** A full scan has shown a batch of messages. */
  scanned(link: BrokerLink, batch: ArrayBuffer): void {
    const { admission, verifier, applyEvent } = this.#deps;
    const reader = new BatchReader(batch);
    const now = Date.now();
    while (!reader.done) {
      const observation = readObservation(reader);
      if (!admission.accepts(link, observation)) continue;
      const { topic } = observation;
      if (verifier.isOfReplay(link, topic)) {
        link.antiEntropy.shown(topic);
        // A marker that was left at the broker meanwhile does not make the message newer.
        applyEvent(topic, { ...this.#dated(link, observation, now), returnState: 'first contact' });
      } else {
        verifier.shown(link, observation);
      }
    }
  }

  /** Probes were answered. A topic for which there is no room counts as not answered. */
  found(link: BrokerLink, answers: readonly ProbeAnswer[]): void {
    const { admission, verifier } = this.#deps;
    for (const { topic, held: raw } of answers) {
      const held = typeof raw === 'object' ? { ...raw, payload: payloadFromRaw(raw.payload) } : raw;
      const isRefused = typeof held === 'object' && !admission.acceptsFound(link, topic, held);
      verifier.found(link, topic, isRefused ? 'unknown' : held);
    }
  }

  /** The observation as an event; should it be a new write, it is dated now. */
  #dated(link: BrokerLink, observation: Observation, now: number): Observed {
    const { clock } = this.#deps;
    const { index, session, rank, blockedTopics } = link;
    const { topic, payload, properties, retained, replay, stamp, own, claim, expiry } = observation;
    return {
      kind: 'observed',
      broker: index,
      payload,
      properties,
      retained,
      replay,
      returnState: replay ? session.returnStateOf(topic, observation) : session.returnState,
      stamp: stamp !== undefined && clock.witness(stamp, now) ? stamp : undefined,
      stamps: session.stamps,
      own,
      claim,
      expiry,
      newVersion: clock.next(now),
      firstContactRank: rank,
      isBlocked: blockedTopics.refuses(topic),
      now,
    };
  }
}
