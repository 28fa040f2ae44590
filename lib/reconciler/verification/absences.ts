/**
 * What follows where a broker lacks a topic that it is believed to retain: a client deleted it, or the broker lost it,
 * or we are not shown it. An absence is a deletion only where all of this holds; docs/reconciliation.md has the table.
 *
 * - The broker has its data: the marker is as we left it, and the topic was seen stored there no later than the marker.
 * - The topic could be read: a message of our own came back from beside it, or something beside it was shown; and it
 *   was absent before that and after.
 * - A deletion could go unheard: we were away, could not read, or the broker dropped messages in a burst.
 * - There are not too many of them at once, or a person has confirmed them.
 *
 * What could not be read stays as it is believed to be. What vanished otherwise is given to the broker again.
 */

import { parentOf } from '../../core/filter.ts';
import { has } from '../../core/policy.ts';
import {
  expiryOf,
  hasStaleProbe,
  haveSameContent,
  isInSync,
  isProbing,
  type Message,
} from '../../core/register.ts';
import { unresolvedAt } from '../../core/retain-inference.ts';
import { compareVersions } from '../../core/version.ts';
import type { Log, ReadAccess } from '../../protocol/messages.ts';
import type { DeletionsDecided } from '../../protocol/requests.ts';
import type { BringEvent } from '../event-handler.ts';
import type { BrokerLink } from '../links/broker-link.ts';
import type { Topic } from '../topics/topic.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { AbsenceLog } from './absence-log.ts';

/** What a broker expires by itself is gone there so many milliseconds before or after it is for us. */
const EXPIRY_TOLERANCE_MS = 2_000;

/** What a person decides about the deletions that are held. */
export type Decision = DeletionsDecided['decision'];

interface SortedAbsences {
  /** They seem to have been deleted. */
  readonly suspected: string[];
  /** The broker held what it should, and does not any more. */
  readonly vanished: string[];
  /** It was to be given something else anyway. */
  readonly lacking: string[];
  readonly unreadable: string[];
}

export interface AbsencesDeps {
  readonly table: TopicTable;
  readonly bring: BringEvent;
  /** Has it decided that the topic is absent at the broker, and why; or that it is not known what it retains. */
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

  /** The broker has returned, shown these topics, and is asked for those. */
  returned(link: BrokerLink, shown: Iterable<string>, asked: readonly string[]): void {
    link.unheard = new Set(asked);
    const parents = new Set(asked.map(parentOf));
    const witnesses = new Map<string, string>();
    if (parents.size > 0) {
      for (const topic of shown) if (parents.has(parentOf(topic))) witnesses.set(parentOf(topic), topic);
    }
    link.scanRound.begin(asked, 'return', witnesses);
    if (asked.length === 0) this.#judge(link);
  }

  /**
   * A topic of the look was found absent. Returns whether it has to be proven first that it could be read; if so, the
   * register is left as it is. Nothing waits for the proof, unless a publish of ours may have been lost there.
   */
  isSuspected(link: BrokerLink, topic: string): boolean {
    const known = this.#deps.table.get(topic);
    if (known === undefined || !link.scanRound.awaits(topic)) return false;
    if (isPendingAt(link, known)) {
      link.scanRound.absentWhilePending(topic);
      return true;
    }
    const held = believedHeld(link, known);
    if (held === undefined) return false;
    link.scanRound.absent(topic, held);
    this.#deps.bring(topic, { kind: 'probe-lost', broker: link.index });
    return true;
  }

  /** An answer for a topic was taken in. */
  answered(link: BrokerLink, topic: string): void {
    const { scanRound } = link;
    if (!scanRound.answered(topic)) return;
    const parents = scanRound.isRepeated ? [] : scanRound.beginProof();
    if (parents.length > 0) link.proveReadable(parents);
    else this.#judge(link);
  }

  /** Whether we can read there. What may be readable is asked for once more: the right may be newer than the answer. */
  proved(link: BrokerLink, answer: ReadAccess): void {
    const { scanRound } = link;
    if (!scanRound.proved(answer)) return;
    const mayBeReadable = (topic: string) => scanRound.isReadable(topic) || scanRound.hasWitness(topic);
    const pending = scanRound.pending;
    const suspects = [...scanRound.absences.keys()].filter(mayBeReadable);
    this.#leave(
      link,
      [...scanRound.absences.keys()].filter(topic => !mayBeReadable(topic)),
    );
    scanRound.clearAbsences();
    const asked = suspects.filter(topic => this.#asks(link, topic));
    for (const topic of pending) link.probe(topic, 'background');
    const witnesses = scanRound.repeat([...asked, ...pending]);
    for (const witness of witnesses) if (!this.#asks(link, witness)) scanRound.answered(witness);
    if (!scanRound.isOpen) this.#judge(link);
  }

  #asks(link: BrokerLink, topic: string): boolean {
    const { table, bring } = this.#deps;
    bring(topic, { kind: 'scan-due', broker: link.index });
    const register = table.get(topic)?.register;
    return register !== undefined && isProbing(register, link.index);
  }

  /** What could not be read stays as it is believed to be, and is looked at again. */
  #leave(link: BrokerLink, unreadable: readonly string[]): void {
    const uptime = performance.now();
    for (const topic of unreadable) {
      // A scan comes round again by itself.
      if (link.scanRound.priority === 'return') link.probeRetries.silent(topic, uptime);
      // What a client deletes there meanwhile is not heard.
      link.unheard.add(topic);
      link.unreadable.add(topic);
    }
    this.#log.unreadable(link, unreadable, uptime);
  }

  /** A person has decided. Returns how many topics that concerns. */
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

  /** It was never found out whether an empty message deleted the topic there. */
  undecided(link: BrokerLink, topic: string): void {
    this.#log.undecided(link, topic, performance.now());
  }

  /** The broker lost its data: what was held is no deletion. */
  voided(link: BrokerLink): void {
    link.guard.takeHeld();
  }

  #judge(link: BrokerLink): void {
    const { scanRound, guard, probeRetries, unheard } = link;
    const { decide } = this.#deps;
    const { suspected, vanished, lacking, unreadable } = this.#sorted(link);
    const pending = scanRound.pending.map(
      topic => [topic, scanRound.isReadable(topic) ? 'absent' : 'unknown'] as const,
    );
    scanRound.abort();
    for (const [topic, found] of pending) decide(link, topic, found, 'loss');
    const uptime = performance.now();
    this.#leave(link, unreadable);
    for (const topic of [...suspected, ...vanished, ...lacking]) {
      probeRetries.answered(topic);
      unheard.delete(topic);
      link.unreadable.delete(topic);
    }
    for (const topic of [...vanished, ...lacking]) decide(link, topic, 'absent', 'loss');
    link.vanished += vanished.length;
    const { believed, held } = guard.judge(suspected, () => this.#heldAt(link), uptime);
    if (unheard.size === 0) guard.openIfEmpty();
    for (const topic of believed) decide(link, topic, 'absent', 'deletion');
    this.#log.vanished(link, vanished, uptime);
    this.#log.held(link, held, uptime);
  }

  #sorted(link: BrokerLink): SortedAbsences {
    const sorted: SortedAbsences = { suspected: [], vanished: [], lacking: [], unreadable: [] };
    const { suspected, vanished, lacking, unreadable } = sorted;
    for (const [topic, held] of link.scanRound.absences) {
      const known = this.#deps.table.get(topic);
      if (known === undefined || !isStillHeld(link, known, held) || isExpiring(held)) continue;
      if (!link.scanRound.isReadable(topic)) unreadable.push(topic);
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

/** What the broker is believed to retain, if that is known for sure, and nothing of ours is on its way there. */
function believedHeld(link: BrokerLink, known: Topic): Message | undefined {
  const { index } = link;
  const { register } = known;
  const believed = register.held[index];
  if (typeof believed !== 'object' || isPendingAt(link, known) || hasStaleProbe(register, index))
    return undefined;
  // A client wrote there, and may not retain: that is what the broker was asked.
  return unresolvedAt(register, index) === undefined ? believed : undefined;
}

function isPendingAt({ index }: BrokerLink, { register }: Topic): boolean {
  return register.pending.some(({ broker, retained }) => broker === index && retained);
}

function isStillHeld(link: BrokerLink, known: Topic, before: Message): boolean {
  const held = believedHeld(link, known);
  return (
    held !== undefined && haveSameContent(held, before) && compareVersions(held.version, before.version) === 0
  );
}

function isExpiring(message: Message): boolean {
  return expiryOf(message) <= Date.now() + EXPIRY_TOLERANCE_MS;
}

/** Whether a client can have deleted the topic there without being heard. */
function mayBeDeleted(link: BrokerLink, topic: string, { policy, seen }: Topic): boolean {
  const { index, returnState, state, unheard } = link;
  if (returnState !== 'intact') return false;
  const isHeldSinceMarker = state.atMarker(topic, seen[index] ?? 0) !== 'not known';
  return unheard.has(topic) && has(policy.echo, index) && isHeldSinceMarker;
}
