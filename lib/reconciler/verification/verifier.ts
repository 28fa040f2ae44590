/**
 * Verification: what brokers are believed to retain against what they are found to retain, when one returns,
 * when an echo is overdue, and from time to time (anti-entropy).
 */

import type { Probed } from '../../core/events.ts';
import { has } from '../../core/policy.ts';
import { agrees, alike, pendingAt, willHold } from '../../core/register.ts';
import type { HybridClock, Version } from '../../core/version.ts';
import type { Answer, Log } from '../../protocol/messages.ts';
import type { Observation } from '../../protocol/observation.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { BringEvent } from '../stepper.ts';
import type { TopicTable } from '../topics/topic-table.ts';

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

  constructor(deps: VerifierDeps) {
    this.#deps = deps;
  }

  /** A broker has returned, and shown these topics: what it held and did not show is asked for. */
  compare(link: BrokerLink, replayed: ReadonlySet<string>): void {
    const { table, bring } = this.#deps;
    const { index: broker, base } = link;
    let held = 0;
    const asked: string[] = [];
    const cutOff = new Set<string>();
    for (const [topic, { register, seen }] of table.states.entries()) {
      if (typeof register.held[broker] === 'object') held++;
      const isShown = replayed.has(topic);
      // Most topics, and there may be very many: nothing comes of it.
      if (isShown && register.pending.length === 0) continue;
      if (pendingAt(register, broker) > 0) cutOff.add(topic);
      const atMarker = link.state.atMarker(topic, seen[broker] ?? 0);
      bring(topic, { kind: 'returned', broker, base, replayed: isShown, atMarker });
      if (this.#isAsked(link, topic)) asked.push(topic);
    }
    link.cutOff = cutOff;
    link.heldAtReturn = held;
    link.brake.begin(asked, held);
  }

  /** Anti-entropy: looks again at some topics, after so many seconds since the last time. */
  lookAgain(link: BrokerLink, elapsed: number, uptime: number): void {
    if (!link.ready || !link.retains || link.brake.isOpen) return;
    const { table, bring } = this.#deps;
    const asked = link.antiEntropy.next(table.states, elapsed, uptime).filter(topic => {
      bring(topic, { kind: 'doubted', broker: link.index });
      return this.#isAsked(link, topic);
    });
    link.brake.begin(asked, asked.length);
    if (link.antiEntropy.beginSurvey(elapsed, uptime)) link.survey();
  }

  /** What the broker did not answer is asked once more, when it is time for it. */
  askAgain(link: BrokerLink, uptime: number): void {
    if (!link.ready || link.brake.isOpen) return;
    const asked = link.unanswered.due(uptime).filter(topic => {
      this.#deps.bring(topic, { kind: 'doubted', broker: link.index });
      return this.#isAsked(link, topic);
    });
    for (const topic of asked) link.unanswered.asked(topic);
    if (asked.length > 0) link.brake.begin(asked, Math.max(asked.length, link.heldAtReturn));
  }

  /** A survey has shown what the broker retains under a topic. What is news to us is asked for. */
  shown(link: BrokerLink, observation: Observation): void {
    const { topic } = observation;
    const { table, bring } = this.#deps;
    const holds = table.get(topic)?.register.held[link.index];
    link.antiEntropy.shown(topic);
    if (typeof holds === 'object' && alike(holds, observation)) return;
    bring(topic, { kind: 'doubted', broker: link.index });
    if (this.#isAsked(link, topic)) link.antiEntropy.surprised();
  }

  surveyed(link: BrokerLink): void {
    const news = link.antiEntropy.surveyed(this.#shownBy(link));
    if (news > 0)
      this.#deps.log('info', `${link.name} had dropped messages of ${news} topics on their way to us`);
  }

  /** The topics that the broker shows us, as far as is known. */
  *#shownBy({ index }: BrokerLink): Generator<string> {
    for (const [topic, { register, policy }] of this.#deps.table.states.entries()) {
      if (typeof register.held[index] === 'object' && has(policy.echo, index)) yield topic;
    }
  }

  /** A probe was answered. */
  found(link: BrokerLink, answer: Answer): void {
    const { topic, found } = answer;
    if (!link.answered(topic)) return;
    if (found === 'unknown') link.unanswered.silent(topic, performance.now());
    else link.unanswered.answered(topic);
    const isDeletion = this.#isDeletion(link, answer);
    const isHeldBack = isDeletion && link.brake.awaits(topic);
    const verdict = link.brake.answered(topic, isDeletion ? 'absent' : 'other');
    if (!isHeldBack) this.#probed(link, topic, found, isDeletion ? 'deletion' : 'loss');
    if (verdict === undefined) return;
    for (const deleted of verdict.deleted) this.#probed(link, deleted, 'absent', 'deletion');
    for (const doubtful of verdict.heldBack) {
      link.unanswered.heldBack(doubtful, performance.now());
      this.#deps.bring(doubtful, { kind: 'unanswered', broker: link.index });
    }
    if (verdict.heldBack.length > 0) {
      this.#deps.log(
        'error',
        `${verdict.heldBack.length} topics have vanished from ${link.name} unseen; none is deleted elsewhere before it is found absent once more, in a minute`,
      );
    }
  }

  /** Whether an answer says that a client deleted the topic while we did not see it. */
  #isDeletion(link: BrokerLink, { topic, found }: Answer): boolean {
    const known = this.#deps.table.get(topic);
    if (found !== 'absent' || known === undefined || link.base !== 'as left') return false;
    const isHeld = typeof known.register.held[link.index] === 'object';
    return isHeld && link.state.atMarker(topic, known.seen[link.index] ?? 0) !== 'not known';
  }

  #probed(link: BrokerLink, topic: string, found: Answer['found'], absence: Probed['absence']): void {
    const { table, clock, bring, dispatcher } = this.#deps;
    const now = Date.now();
    const before = table.get(topic)?.register;
    const wasPending = before !== undefined && pendingAt(before, link.index) > 0;
    const believed = believable(found, stamp => clock.witness(stamp, now));
    const fresh = clock.next(now);
    const isOld = typeof believed === 'object' && link.state.wentBack(topic, believed);
    bring(topic, { kind: 'probed', broker: link.index, found: believed, isOld, absence, fresh, now });
    const after = table.get(topic)?.register;
    if (!wasPending || after?.winner === undefined) return;
    // What was overdue has now been looked at: it arrived, or the broker does not take it.
    const arrived = agrees(willHold(after, link.index), after.winner);
    // What a connection took along when it ended was not refused.
    const wasCutOff = link.cutOff.has(topic);
    if (wasCutOff) link.cutOff.delete(topic);
    if (arrived || !wasCutOff)
      dispatcher.settled(link, topic, arrived ? undefined : 'it was acknowledged but not stored');
  }

  #isAsked(link: BrokerLink, topic: string): boolean {
    return has(this.#deps.table.get(topic)?.register.asking ?? 0, link.index);
  }
}

/** What was found, without its stamp where that is not to be believed. */
function believable(found: Answer['found'], isBelieved: (stamp: Version) => boolean): Answer['found'] {
  if (typeof found !== 'object' || found.stamp === undefined || isBelieved(found.stamp)) return found;
  return { ...found, stamp: undefined };
}
