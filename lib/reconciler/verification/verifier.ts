/**
 * Verification: what brokers are believed to retain against what they are found to retain, when one returns,
 * when an echo is overdue, and from time to time (anti-entropy).
 */

import type { Probed } from '../../core/events.ts';
import { has } from '../../core/policy.ts';
import { haveSameContent, isInSync, isProbing, pendingAt, willHold } from '../../core/register.ts';
import { emptiedAt } from '../../core/retain-inference.ts';
import type { HybridClock, Version } from '../../core/version.ts';
import type { FullScanResult, Log, ProbeAnswer, ReadAccess } from '../../protocol/messages.ts';
import type { Observation } from '../../protocol/observation.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { BringEvent } from '../event-handler.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { Absences, type Decision } from './absences.ts';
import { FullScans } from './full-scans.ts';

export interface VerifierDeps {
  readonly table: TopicTable;
  readonly clock: HybridClock;
  readonly bring: BringEvent;
  /** Told whether a broker turned out to have what was sent to it. */
  readonly dispatcher: Dispatcher;
  readonly log: Log;
}

export class Verifier {
  readonly #deps: VerifierDeps;
  readonly #absences: Absences;
  readonly #scans: FullScans;

  constructor(deps: VerifierDeps) {
    this.#deps = deps;
    const { table, bring, log } = deps;
    this.#absences = new Absences({
      table,
      bring,
      decide: (link, topic, found, absence) => this.#probed(link, topic, found, absence),
      log,
    });
    this.#scans = new FullScans({ table, probe: (link, topics) => void this.#asked(link, topics), log });
  }

  /** A replay is over; where the broker dropped a part of it, that is read now. */
  replayed(link: BrokerLink, isCut: boolean): void {
    this.#scans.replayed(link, isCut);
  }

  /** A broker has returned, and shown these topics: what it held and did not show is asked for. */
  compare(link: BrokerLink, replayed: ReadonlySet<string>): void {
    const { table, bring } = this.#deps;
    const { index: broker, returnState } = link;
    if (returnState !== 'intact') this.#absences.voided(link);
    const asked: string[] = [];
    const cutOff = new Set<string>();
    for (const [topic, { register, seen }] of table.states.entries()) {
      const isShown = replayed.has(topic);
      // Most topics, and there may be very many: nothing comes of it.
      if (isShown && register.pending.length === 0) continue;
      if (!isShown && link.state.notShown(topic)) table.putBack([topic]);
      if (link.guard.holds(topic)) continue;
      if (pendingAt(register, broker) > 0) cutOff.add(topic);
      const atMarker = link.state.atMarker(topic, seen[broker] ?? 0);
      bring(topic, { kind: 'returned', broker, returnState, replayed: isShown, atMarker });
      if (this.#isAsked(link, topic)) asked.push(topic);
    }
    link.cutOff = cutOff;
    this.#absences.returned(link, replayed, asked);
  }

  /** Anti-entropy: looks again at some topics, after so many seconds since the last time. */
  startScan(link: BrokerLink, elapsed: number, uptime: number): void {
    if (!link.ready || !link.retains || link.scanRound.isOpen) return;
    const { antiEntropy, unheard } = link;
    const asked = this.#asked(link, antiEntropy.next(this.#deps.table.states, elapsed, uptime));
    for (const topic of asked) if (antiEntropy.isAfterBurst(topic)) unheard.add(topic);
    link.scanRound.begin(asked, 'scan');
    if (antiEntropy.beginFullScan(elapsed, uptime)) this.#scans.begin(link);
  }

  /** What the broker did not answer is asked once more, when it is time for it. */
  askAgain(link: BrokerLink, uptime: number): void {
    if (!link.ready || link.scanRound.isOpen) return;
    const asked = this.#asked(link, link.probeRetries.due(uptime));
    for (const topic of asked) link.probeRetries.asked(topic);
    if (asked.length > 0) link.scanRound.begin(asked, 'return');
  }

  /** Whether what a survey shows of a topic belongs to the replay at the first contact, which was cut. */
  isOfReplay({ gap, index }: BrokerLink, topic: string): boolean {
    if (!gap.isOfFirstContact) return false;
    return (this.#deps.table.get(topic)?.register.held[index] ?? 'unknown') === 'unknown';
  }

  /** A survey has shown what the broker retains under a topic. What is news to us is asked for. */
  shown(link: BrokerLink, observation: Observation): void {
    const { topic } = observation;
    const { table, bring } = this.#deps;
    const holds = table.get(topic)?.register.held[link.index];
    link.antiEntropy.shown(topic);
    link.seen(topic);
    if (typeof holds === 'object' && haveSameContent(holds, observation)) return;
    bring(topic, { kind: 'scan-due', broker: link.index });
    if (this.#isAsked(link, topic)) link.antiEntropy.surprised(typeof holds !== 'object');
  }

  fullScanEnded(link: BrokerLink, scan: FullScanResult): void {
    this.#scans.ended(link, this.#shownBy(link), scan);
  }

  /** The topics that the broker shows us, as far as is known. */
  *#shownBy({ index }: BrokerLink): Generator<string> {
    for (const [topic, { register, policy }] of this.#deps.table.states.entries()) {
      if (typeof register.held[index] === 'object' && has(policy.echo, index)) yield topic;
    }
  }

  /** A probe was answered. */
  found(link: BrokerLink, { topic, held }: ProbeAnswer): void {
    if (!link.answered(topic)) return;
    const isSuspected = held === 'absent' && this.#absences.isSuspected(link, topic);
    if (!isSuspected) this.#found(link, topic, held);
    this.#absences.answered(link, topic);
  }

  /** Whether we can read at the broker what it was asked for. */
  proved(link: BrokerLink, answer: ReadAccess): void {
    this.#absences.proved(link, answer);
  }

  /** A person has decided about the deletions that are held at the broker. Returns how many topics that concerns. */
  decided(link: BrokerLink, decision: Decision): number {
    return this.#absences.decided(link, decision);
  }

  #found(link: BrokerLink, topic: string, found: ProbeAnswer['held']): void {
    let isAskedAgain = true;
    if (found === 'unknown') {
      isAskedAgain = link.probeRetries.silent(topic, performance.now());
    } else {
      link.probeRetries.answered(topic);
      link.seen(topic);
    }
    if (typeof found === 'object') link.scanRound.shown(topic);
    this.#probed(link, topic, found, 'loss');
    if (!isAskedAgain) this.#giveUp(link, topic);
  }

  /** The broker never said what it retains. That an empty message deleted the topic is not proven, and is dropped. */
  #giveUp(link: BrokerLink, topic: string): void {
    const register = this.#deps.table.get(topic)?.register;
    if (register === undefined || emptiedAt(register, link.index) === undefined) return;
    this.#deps.bring(topic, { kind: 'probe-lost', broker: link.index });
    this.#absences.undecided(link, topic);
  }

  /** Has these topics asked for, but for those of which a person has to decide; returns those that are. */
  #asked(link: BrokerLink, topics: readonly string[]): readonly string[] {
    return topics.filter(topic => {
      if (link.guard.holds(topic)) return false;
      this.#deps.bring(topic, { kind: 'scan-due', broker: link.index });
      return this.#isAsked(link, topic);
    });
  }

  #probed(link: BrokerLink, topic: string, found: ProbeAnswer['held'], absence: Probed['absence']): void {
    const { table, clock, bring, dispatcher } = this.#deps;
    const now = Date.now();
    const before = table.get(topic)?.register;
    const wasPending = before !== undefined && pendingAt(before, link.index) > 0;
    const believed = believable(found, stamp => clock.witness(stamp, now));
    const fresh = clock.next(now);
    const isOld = typeof believed === 'object' && link.state.wentBack(topic, believed);
    bring(topic, {
      kind: 'probed',
      broker: link.index,
      found: believed,
      isRolledBack: isOld,
      absence,
      newVersion: fresh,
      now,
    });
    if (believed !== 'unknown' && link.state.shown(topic)) table.putBack([topic]);
    const after = table.get(topic)?.register;
    if (!wasPending || after?.winner === undefined) return;
    // What was overdue has now been looked at: it arrived, or the broker does not take it.
    const arrived = isInSync(willHold(after, link.index), after.winner);
    // What a connection took along when it ended was not refused.
    const wasCutOff = link.cutOff.has(topic);
    if (wasCutOff) link.cutOff.delete(topic);
    if (arrived) dispatcher.confirmed(link, topic);
    else if (!wasCutOff)
      dispatcher.failed(link, topic, { cause: 'not stored', reason: 'it was acknowledged but not stored' });
  }

  #isAsked(link: BrokerLink, topic: string): boolean {
    const register = this.#deps.table.get(topic)?.register;
    return register !== undefined && isProbing(register, link.index);
  }
}

/** What was found, without its stamp where that is not to be believed. */
function believable(
  found: ProbeAnswer['held'],
  isBelieved: (stamp: Version) => boolean,
): ProbeAnswer['held'] {
  if (typeof found !== 'object' || found.stamp === undefined || isBelieved(found.stamp)) return found;
  return { ...found, stamp: undefined };
}
