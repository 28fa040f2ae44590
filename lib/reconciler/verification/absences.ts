/**
 * What follows when a broker lacks a topic that it is believed to hold: a client deleted it, the broker lost it, or mqttrep is not
 * shown it. An absence is a deletion only if all of this holds; docs/reconciliation.md has the table.
 *
 * - The broker has its data: the marker is intact, and the broker held some message under the topic at the marker and ever since.
 * - mqttrep could read the topic: its own message came back from beside the topic, or the broker showed a topic beside it. The
 *   topic was absent before that proof and after it.
 * - A deletion could go unheard: mqttrep was away, could not read, or the broker dropped messages in a burst.
 * - There are not too many absences at once, or a person has confirmed them.
 *
 * A topic that could not be read stays as it is believed to be. A topic that vanished otherwise is given to the broker again.
 */

import { parentOf } from '../../core/filter.ts';
import { isInSync, isProbing } from '../../core/register.ts';
import type { Log, ReadAccess } from '../../protocol/messages.ts';
import type { DeletionsDecided } from '../../protocol/requests.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { ApplyEvent } from '../topics/topic-event.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { AbsenceLog } from './absence-log.ts';
import { believedHeld, isExpiring, isPendingAt, isStillHeld, mayBeDeleted } from './believed-held.ts';

/** What a person decides about the deletions that are held. */
export type Decision = DeletionsDecided['decision'];

interface SortedAbsences {
  /** A client seems to have deleted them. */
  readonly suspected: string[];
  /** The broker held the winner, and does not hold it any more. */
  readonly vanished: string[];
  /** The broker was to be given another message anyway. */
  readonly lacking: string[];
  readonly unreadable: string[];
}

export interface AbsencesDeps {
  readonly table: TopicTable;
  readonly applyEvent: ApplyEvent;
  /** Applies the decision that the topic is absent at the broker, and why; or that it is not known what the broker retains. */
  readonly decide: (
    link: BrokerLink,
    topic: string,
    found: 'absent' | 'unknown',
    absence: 'deletion' | 'loss',
  ) => void;
  readonly log: Log;
}

export class Absences {
  readonly #deps: AbsencesDeps;
  readonly #log: AbsenceLog;

  constructor(deps: AbsencesDeps) {
    this.#deps = deps;
    this.#log = new AbsenceLog(deps.log);
  }

  /** The broker has returned and shown some topics; others, which it held, are probed. */
  returned(link: BrokerLink, shown: Iterable<string>, probed: readonly string[]): void {
    link.unverified.returned(probed);
    const parents = new Set(probed.map(parentOf));
    const witnesses = new Map<string, string>();
    if (parents.size > 0) {
      for (const topic of shown) if (parents.has(parentOf(topic))) witnesses.set(parentOf(topic), topic);
    }
    link.probes.round.begin(probed, 'return', witnesses);
    if (probed.length === 0) this.#judge(link);
  }

  /**
   * A topic of the scan round was found absent. Returns whether it must be proven first that the topic could be read. If so, the
   * register stays as it is. Nothing waits for the proof, unless a publish of ours may have been lost there.
   */
  isSuspected(link: BrokerLink, topic: string): boolean {
    const { table, applyEvent } = this.#deps;
    const { round } = link.probes;
    const known = table.get(topic);
    if (known === undefined || !round.awaits(topic)) return false;
    if (isPendingAt(link, known)) {
      round.absentWhilePending(topic);
      return true;
    }
    const held = believedHeld(link, known);
    if (held === undefined) return false;
    round.absent(topic, held);
    applyEvent(topic, { kind: 'probe-lost', broker: link.index });
    return true;
  }

  /** The answer for a topic was applied. */
  answered(link: BrokerLink, topic: string): void {
    const { round } = link.probes;
    if (!round.answered(topic)) return;
    const parents = round.isRepeated ? [] : round.beginProof();
    if (parents.length > 0) link.worker.checkReadAccess(link.session.number, parents);
    else this.#judge(link);
  }

  /**
   * It is known whether mqttrep can read there. What may be readable is probed once more: the right to read may be newer than the
   * first answer.
   */
  proved(link: BrokerLink, answer: ReadAccess): void {
    const { round } = link.probes;
    if (!round.proved(answer)) return;
    const mayBeReadable = (topic: string) => round.isReadable(topic) || round.hasWitness(topic);
    const pending = round.pending;
    const suspects = [...round.absences.keys()].filter(mayBeReadable);
    this.#leaveUnreadable(
      link,
      [...round.absences.keys()].filter(topic => !mayBeReadable(topic)),
    );
    round.clearAbsences();
    const probed = suspects.filter(topic => this.#probes(link, topic));
    for (const topic of pending) link.probes.ask(topic, 'background');
    const witnesses = round.repeat([...probed, ...pending]);
    for (const witness of witnesses) if (!this.#probes(link, witness)) round.answered(witness);
    if (!round.isOpen) this.#judge(link);
  }

  /** A person has decided. Returns how many topics the decision concerns. */
  decided(link: BrokerLink, decision: Decision): number {
    let count = 0;
    for (const topic of link.guard.takeHeld()) {
      const known = this.#deps.table.get(topic);
      if (known === undefined || believedHeld(link, known) === undefined) continue;
      this.#deps.decide(link, topic, 'absent', decision === 'confirm' ? 'deletion' : 'loss');
      count++;
    }
    this.#log.decided(link, decision, count);
    return count;
  }

  /** The broker never said whether an empty message deleted the topic. */
  undecided(link: BrokerLink, topic: string): void {
    this.#log.undecided(link, topic, performance.now());
  }

  /** The broker lost its data: the deletions that were held are none. */
  voided(link: BrokerLink): void {
    link.guard.takeHeld();
  }

  #probes(link: BrokerLink, topic: string): boolean {
    const { table, applyEvent } = this.#deps;
    applyEvent(topic, { kind: 'scan-due', broker: link.index });
    const register = table.get(topic)?.register;
    return register !== undefined && isProbing(register, link.index);
  }

  /** Topics that could not be read stay as they are believed to be, and are probed again later. */
  #leaveUnreadable(link: BrokerLink, unreadable: readonly string[]): void {
    const { probes, unverified } = link;
    const uptime = performance.now();
    for (const topic of unreadable) {
      // A scan comes to the topic again by itself.
      if (probes.round.priority === 'return') probes.retries.unanswered(topic, uptime);
      unverified.addUnreadable(topic);
    }
    this.#log.unreadable(link, unreadable, uptime);
  }

  #judge(link: BrokerLink): void {
    const { probes, unverified, guard } = link;
    const { round } = probes;
    const { decide } = this.#deps;
    const { suspected, vanished, lacking, unreadable } = this.#sorted(link);
    const pending = round.pending.map(
      topic => [topic, round.isReadable(topic) ? 'absent' : 'unknown'] as const,
    );
    round.abort();
    for (const [topic, found] of pending) decide(link, topic, found, 'loss');
    const uptime = performance.now();
    this.#leaveUnreadable(link, unreadable);
    for (const topic of [...suspected, ...vanished, ...lacking]) {
      probes.retries.answered(topic);
      unverified.resolve(topic);
    }
    for (const topic of [...vanished, ...lacking]) decide(link, topic, 'absent', 'loss');
    link.counters.countVanished(vanished.length);
    const { believed, held } = guard.judge(suspected, () => this.#heldAt(link), uptime);
    if (!unverified.hasUnheard) guard.openIfEmpty();
    for (const topic of believed) decide(link, topic, 'absent', 'deletion');
    this.#log.vanished(link, vanished, uptime);
    this.#log.held(link, held, uptime);
  }

  #sorted(link: BrokerLink): SortedAbsences {
    const sorted: SortedAbsences = { suspected: [], vanished: [], lacking: [], unreadable: [] };
    const { suspected, vanished, lacking, unreadable } = sorted;
    const { round } = link.probes;
    for (const [topic, held] of round.absences) {
      const known = this.#deps.table.get(topic);
      if (known === undefined || !isStillHeld(link, known, held) || isExpiring(held)) continue;
      if (!round.isReadable(topic)) unreadable.push(topic);
      else if (!isInSync(held, known.register.winner ?? held)) lacking.push(topic);
      else if (mayBeDeleted(link, topic, known)) suspected.push(topic);
      else vanished.push(topic);
    }
    return sorted;
  }

  /** How many topics the broker is believed to hold. */
  #heldAt({ index }: BrokerLink): number {
    let count = 0;
    for (const [, { register }] of this.#deps.table.states.entries()) {
      if (typeof register.held[index] === 'object') count++;
    }
    return count;
  }
}
