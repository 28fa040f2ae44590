/**
 * Verification: what brokers are believed to hold against what they are found to retain, when a broker returns, when an echo is
 * overdue, and from time to time (anti-entropy).
 */

import type { Probed } from '../../core/events.ts';
import { has } from '../../core/policy.ts';
import { haveSameContent, isInSync, isProbing, pendingAt, willHold } from '../../core/register.ts';
import { emptiedAt } from '../../core/retain-inference.ts';
import type { HybridClock, Version } from '../../core/version.ts';
import type { ActionResult } from '../../protocol/answers.ts';
import type { FullScanResult, Log, ReadAccess } from '../../protocol/messages.ts';
import type { Observation } from '../../protocol/observation.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { PublishOutcomes } from '../links/publish-outcomes.ts';
import type { ApplyEvent } from '../topics/topic-event.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { Absences, type Decision } from './absences.ts';
import { FullScans } from './full-scans.ts';

export interface VerifierDeps {
  readonly table: TopicTable;
  readonly clock: HybridClock;
  readonly applyEvent: ApplyEvent;
  /** Told whether a broker turned out to have what was published to it. */
  readonly outcomes: PublishOutcomes;
  readonly log: Log;
}

export class Verifier {
  readonly #deps: VerifierDeps;
  readonly #absences: Absences;
  readonly #fullScans: FullScans;

  constructor(deps: VerifierDeps) {
    this.#deps = deps;
    const { table, applyEvent, log } = deps;
    this.#absences = new Absences({
      table,
      applyEvent,
      decide: (link, topic, found, absence) => this.#applyAnswer(link, topic, found, absence),
      log,
    });
    this.#fullScans = new FullScans({ table, probe: (link, topics) => void this.#probe(link, topics), log });
  }

  /** A replay is over. If the broker dropped a part of it, that part is read now. */
  replayEnded(link: BrokerLink, isCut: boolean): void {
    this.#fullScans.replayEnded(link, isCut);
  }

  /** A person asks for a comparison: the broker shows all that it retains. */
  compareNow(link: BrokerLink): ActionResult {
    return this.#fullScans.compare(link);
  }

  /**
   * A broker has returned and shown these topics. A topic that it held, or that was pending, and did not show is probed if the
   * broker has its data. Otherwise the topic becomes unknown.
   */
  compare(link: BrokerLink, replayed: ReadonlySet<string>): void {
    const { table, applyEvent } = this.#deps;
    const { index: broker, session, state, guard } = link;
    const { returnState } = session;
    if (returnState !== 'intact') this.#absences.voided(link);
    const probed: string[] = [];
    const cutOff: string[] = [];
    for (const [topic, { register, seenAt }] of table.states.entries()) {
      const isShown = replayed.has(topic);
      // There may be very many of these, and nothing follows from them.
      if (isShown && register.pending.length === 0) continue;
      if (!isShown && state.notShown(topic)) table.commits.putBack([topic]);
      if (guard.holds(topic)) continue;
      if (pendingAt(register, broker) > 0) cutOff.push(topic);
      const atMarker = state.atMarker(topic, seenAt[broker] ?? 0);
      applyEvent(topic, { kind: 'returned', broker, returnState, replayed: isShown, atMarker });
      if (this.#isProbed(link, topic)) probed.push(topic);
    }
    session.wereCutOff(cutOff);
    this.#absences.returned(link, replayed, probed);
  }

  /** Anti-entropy: probes some topics, so many seconds after the last time. */
  startScan(link: BrokerLink, elapsed: number, uptime: number): void {
    const { session, probes, antiEntropy, unverified } = link;
    if (!session.isReady || !session.retains || probes.round.isOpen) return;
    const probed = this.#probe(link, antiEntropy.next(this.#deps.table.states, elapsed, uptime));
    for (const topic of probed) if (antiEntropy.isAfterBurst(topic)) unverified.addUnheard(topic);
    probes.round.begin(probed, 'scan');
    if (antiEntropy.beginFullScan(elapsed, uptime)) this.#fullScans.begin(link);
  }

  /** Topics that the broker did not answer are probed once more when it is time for it. */
  retryProbes(link: BrokerLink, uptime: number): void {
    const { session, probes } = link;
    if (!session.isReady || probes.round.isOpen) return;
    const probed = this.#probe(link, probes.retries.due(uptime));
    for (const topic of probed) probes.retries.probed(topic);
    if (probed.length > 0) probes.round.begin(probed, 'return');
  }

  /** Whether what a full scan shows of a topic belongs to the replay at the first contact, which was cut. */
  isOfReplay({ gap, index }: BrokerLink, topic: string): boolean {
    if (!gap.isOfFirstContact) return false;
    return (this.#deps.table.get(topic)?.register.held[index] ?? 'unknown') === 'unknown';
  }

  /** A full scan has shown what the broker retains under a topic. If that differs from what is known, the topic is probed. */
  shown(link: BrokerLink, observation: Observation): void {
    const { topic } = observation;
    const { table, applyEvent } = this.#deps;
    const held = table.get(topic)?.register.held[link.index];
    link.antiEntropy.shown(topic);
    link.forgetAbsence(topic);
    if (typeof held === 'object' && haveSameContent(held, observation)) return;
    applyEvent(topic, { kind: 'scan-due', broker: link.index });
    if (this.#isProbed(link, topic)) link.antiEntropy.surprised(typeof held !== 'object');
  }

  fullScanEnded(link: BrokerLink, result: FullScanResult): void {
    this.#fullScans.ended(link, this.#shownBy(link), result);
  }

  /** The topics that the broker shows us, as far as is known. */
  *#shownBy({ index }: BrokerLink): Generator<string> {
    for (const [topic, { register, policy }] of this.#deps.table.states.entries()) {
      if (typeof register.held[index] === 'object' && has(policy.echo, index)) yield topic;
    }
  }

  /** A probe was answered. */
  found(link: BrokerLink, topic: string, held: Probed['found']): void {
    if (!link.probes.answered(topic)) return;
    const isSuspected = held === 'absent' && this.#absences.isSuspected(link, topic);
    if (!isSuspected) this.#found(link, topic, held);
    this.#absences.answered(link, topic);
  }

  /** It is known whether mqttrep can read at the broker what was probed. */
  proved(link: BrokerLink, answer: ReadAccess): void {
    this.#absences.proved(link, answer);
  }

  /** A person has decided about the deletions that are held at the broker. Returns how many topics that concerns. */
  decided(link: BrokerLink, decision: Decision): number {
    return this.#absences.decided(link, decision);
  }

  #found(link: BrokerLink, topic: string, found: Probed['found']): void {
    const { retries, round } = link.probes;
    let isRetried = true;
    if (found === 'unknown') {
      isRetried = retries.unanswered(topic, performance.now());
    } else {
      retries.answered(topic);
      link.forgetAbsence(topic);
    }
    if (typeof found === 'object') round.shown(topic);
    this.#applyAnswer(link, topic, found, 'loss');
    if (!isRetried) this.#giveUp(link, topic);
  }

  /** The broker never said what it retains. So it is not proven that an empty message deleted the topic. */
  #giveUp(link: BrokerLink, topic: string): void {
    const register = this.#deps.table.get(topic)?.register;
    if (register === undefined || emptiedAt(register, link.index) === undefined) return;
    this.#deps.applyEvent(topic, { kind: 'probe-lost', broker: link.index });
    this.#absences.undecided(link, topic);
  }

  /** Probes these topics, except those about which a person has to decide. Returns the topics that are probed. */
  #probe(link: BrokerLink, topics: readonly string[]): readonly string[] {
    return topics.filter(topic => {
      if (link.guard.holds(topic)) return false;
      this.#deps.applyEvent(topic, { kind: 'scan-due', broker: link.index });
      return this.#isProbed(link, topic);
    });
  }

  #applyAnswer(link: BrokerLink, topic: string, found: Probed['found'], absence: Probed['absence']): void {
    const { table, clock, applyEvent } = this.#deps;
    const { index: broker, state } = link;
    const now = Date.now();
    const before = table.get(topic)?.register;
    const wasPending = before !== undefined && pendingAt(before, broker) > 0;
    const believed = withBelievedStamp(found, stamp => clock.witness(stamp, now));
    const newVersion = clock.next(now);
    const isRolledBack = typeof believed === 'object' && state.wentBack(topic, believed);
    applyEvent(topic, { kind: 'probed', broker, found: believed, isRolledBack, absence, newVersion, now });
    if (believed !== 'unknown' && state.releaseUnseen(topic)) table.commits.putBack([topic]);
    if (wasPending) this.#settlePending(link, topic);
  }

  /** A publish was pending under the topic, and the probe has told whether it arrived. */
  #settlePending(link: BrokerLink, topic: string): void {
    const { table, outcomes } = this.#deps;
    const register = table.get(topic)?.register;
    if (register?.winner === undefined) return;
    const hasArrived = isInSync(willHold(register, link.index), register.winner);
    // A publish that was lost with its connection was not refused.
    const wasCutOff = link.session.takeCutOff(topic);
    if (hasArrived) outcomes.confirmed(link, topic);
    else if (!wasCutOff)
      outcomes.failed(link, topic, { cause: 'not stored', reason: 'it was acknowledged but not stored' });
  }

  #isProbed(link: BrokerLink, topic: string): boolean {
    const register = this.#deps.table.get(topic)?.register;
    return register !== undefined && isProbing(register, link.index);
  }
}

/** What was found, without a stamp that is not to be believed. */
function withBelievedStamp(found: Probed['found'], isBelieved: (stamp: Version) => boolean): Probed['found'] {
  if (typeof found !== 'object' || found.stamp === undefined || isBelieved(found.stamp)) return found;
  return { ...found, stamp: undefined };
}
