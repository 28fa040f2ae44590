/**
 * What a first contact changes, for the log: of each broker that mqttrep has not seen before, how many topics it
 * lacks, how many are to be overwritten there and by what that is decided, and in the end what the brokers did not take.
 *
 * It is said before anything is published. A broker that comes later is reported when it has shown what it retains.
 */

import { isUtf8 } from 'node:buffer';
import { type Payload, sliceOf } from '../core/payload.ts';
import { has } from '../core/policy.ts';
import { printable, quoted } from '../core/printable.ts';
import { isDeletion, isInSync, type Message } from '../core/register.ts';
import type { Log } from '../protocol/messages.ts';
import type { ConflictLog } from './inspection/conflict-log.ts';
import type { BrokerLink } from './links/broker-link.ts';
import type { BrokerLinks } from './links/broker-links.ts';
import type { TopicTable } from './topics/topic-table.ts';

const CHECK_PERIOD_MS = 1_000;

/** After this time the log says how far the first contact has come. */
const COMPLETE_TIMEOUT_MS = 60_000;

const SHOWN_PAYLOAD_CHARACTERS = 40;

export interface FirstContactLogDeps {
  readonly table: TopicTable;
  readonly links: Pick<BrokerLinks, 'unseen'>;
  readonly conflicts: Pick<ConflictLog, 'deciderBetween'>;
  readonly log: Log;
  /** Overwritten topics that are named, of each broker. */
  readonly named: number;
  /** If not, only the plan is logged: in a dry run nothing follows. */
  readonly isCarriedOut: boolean;
}

interface Plan {
  /** Topics of which the broker holds the winner. */
  same: number;
  /** Topics that the broker does not retain. */
  copied: number;
  /** Topics of which the broker retains another message. */
  overwritten: number;
  readonly examples: string[];
}

export class FirstContactLog {
  readonly #deps: FirstContactLogDeps;
  /** Brokers that mqttrep had not seen before their last session began, until they are reported. */
  readonly #unknown = new Set<BrokerLink>();
  readonly #planned = new Set<BrokerLink>();
  #began = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: FirstContactLogDeps) {
    this.#deps = deps;
  }

  /** A session of the broker has begun. Its replay is not over, so that its marker is not written yet. */
  begun(link: BrokerLink): void {
    if (link.session.returnState === 'first contact') this.#unknown.add(link);
  }

  /** Brokers have shown what they retain, and nothing of what they lack was published. */
  plan(): void {
    const { table, log } = this.#deps;
    const fresh = [...this.#unknown].filter(({ session, isRemoved }) => session.isReady && !isRemoved);
    if (fresh.length === 0) return;
    const plans = new Map(
      fresh.map(link => [link, { same: 0, copied: 0, overwritten: 0, examples: [] } as Plan]),
    );
    for (const [topic, { register, policy }] of table.states.entries()) {
      const { winner, held } = register;
      if (winner === undefined || isDeletion(winner)) continue;
      for (const [link, plan] of plans) {
        if (has(policy.publish, link.index))
          this.#add(plan, { topic, winner, held: held[link.index] ?? 'unknown', chain: policy.chain });
      }
    }
    for (const [link, plan] of plans) {
      this.#unknown.delete(link);
      this.#planned.add(link);
      for (const line of linesOf(link.name, plan)) log('info', line);
    }
    if (this.#deps.isCarriedOut) this.#follow();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #add(
    plan: Plan,
    {
      topic,
      winner,
      held,
      chain,
    }: {
      readonly topic: string;
      readonly winner: Message;
      readonly held: Message | 'absent' | 'unknown';
      readonly chain: Parameters<ConflictLog['deciderBetween']>[0];
    },
  ): void {
    if (isInSync(held, winner)) {
      plan.same++;
      return;
    }
    if (typeof held === 'string') {
      plan.copied++;
      return;
    }
    plan.overwritten++;
    if (plan.examples.length === this.#deps.named) return;
    const decidedBy = this.#deps.conflicts.deciderBetween(chain, winner, held);
    plan.examples.push(
      `${quoted(topic)}: ${payloadText(held.payload)} → ${payloadText(winner.payload)}, decided by ${decidedBy}`,
    );
  }

  /** Says once what has become of it. */
  #follow(): void {
    this.#began = performance.now();
    this.#timer ??= setInterval(() => this.#check(), CHECK_PERIOD_MS).unref();
  }

  #check(): void {
    const { table, links, log } = this.#deps;
    const { converged, diverging, blocked } = table.stats.counts;
    const { unseen } = links;
    const elapsed = performance.now() - this.#began;
    const isBusy =
      diverging > 0 || unseen.length > 0 || [...this.#planned].some(({ unsettled }) => unsettled > 0);
    if (isBusy && elapsed < COMPLETE_TIMEOUT_MS) return;
    this.close();
    const refusing = [...this.#planned]
      .filter(({ blockedTopics }) => blockedTopics.blocked > 0)
      .map(({ name, blockedTopics }) => `${name} refuses ${topics(blockedTopics.blocked)}`);
    const parts = [`${topics(converged)} equal at all brokers`];
    if (diverging > 0) parts.push(`${diverging} not yet`);
    if (unseen.length > 0) parts.push(`not reached yet: ${unseen.map(({ name }) => name).join(', ')}`);
    if (refusing.length > 0) parts.push(refusing.join(', '));
    else if (blocked > 0) parts.push(`${blocked} refused`);
    log('info', `${isBusy ? 'first contact goes on' : 'first contact is complete'}: ${parts.join('; ')}`);
  }
}

function linesOf(name: string, { same, copied, overwritten, examples }: Plan): string[] {
  const counts = `${topics(copied)} to copy to it, ${overwritten} to overwrite, ${same} equal already`;
  if (overwritten === 0) return [`${name}: first contact: ${counts}`];
  if (examples.length <= 1) return [`${name}: first contact: ${counts}; ${examples[0]}`];
  const more = overwritten - examples.length;
  return [
    `${name}: first contact: ${counts}${more > 0 ? `; the first ${examples.length} of these:` : ':'}`,
    ...examples.map(example => `${name}: overwrites ${example}`),
  ];
}

function topics(count: number): string {
  return count === 1 ? '1 topic' : `${count} topics`;
}

function payloadText(payload: Payload): string {
  const bytes = Buffer.from(sliceOf(payload, 0, 4 * SHOWN_PAYLOAD_CHARACTERS), 'latin1');
  return isUtf8(bytes)
    ? quoted(bytes.toString('utf8'), SHOWN_PAYLOAD_CHARACTERS)
    : printable(`0x${bytes.toString('hex')}`, SHOWN_PAYLOAD_CHARACTERS);
}
