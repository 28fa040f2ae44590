/** A table of topics to which anything happens: clients write, our publishes arrive, topics are blocked, deleted and forgotten. */

import { expect } from 'chai';
import fc from 'fast-check';
import type { Event } from '../../../lib/core/events.ts';
import type { Payload } from '../../../lib/core/payload.ts';
import { Policies } from '../../../lib/core/policy.ts';
import { isDeletion, type Message } from '../../../lib/core/register.ts';
import type { TopicState } from '../../../lib/protocol/answers.ts';
import { NO_HISTORY } from '../../../lib/reconciler/topics/held-change.ts';
import { TopicPolicies } from '../../../lib/reconciler/topics/topic-policies.ts';
import { isEverywhere, lackingAt } from '../../../lib/reconciler/topics/topic-stats.ts';
import { TopicTable } from '../../../lib/reconciler/topics/topic-table.ts';

const BROKERS = 3;
const TOPICS = ['a', 'b', 'private/c'];

export function policies(): Policies {
  return new Policies(
    [
      { filter: '#', subscribe: 7, publish: 7 },
      { filter: 'private/#', subscribe: 7, publish: 3 },
    ],
    BROKERS,
  );
}

export type Deed =
  | { readonly kind: 'write'; readonly topic: number; readonly broker: number; readonly payload: string }
  | { readonly kind: 'deliver' | 'lose'; readonly topic: number; readonly broker: number }
  | { readonly kind: 'block'; readonly topic: number; readonly broker: number }
  | { readonly kind: 'commit' | 'forget' };

const topic = fc.nat(TOPICS.length - 1);
const broker = fc.nat(BROKERS - 1);
export const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), topic, broker, payload: fc.constantFrom('', '1', '2') }),
  fc.record({ kind: fc.constantFrom('deliver' as const, 'lose' as const), topic, broker }),
  fc.record({ kind: fc.constant('block' as const), topic, broker }),
  fc.record({ kind: fc.constantFrom('commit' as const, 'forget' as const) }),
);

export class TableWorld {
  readonly table = new TopicTable(new TopicPolicies(policies()), BROKERS);
  /** The next tick offers topics to brokers that lack them. */
  willOffer = false;
  readonly #blocked = new Map<string, number>();
  #now = Date.UTC(2026, 0, 1);
  #counter = 0;

  constructor() {
    this.table.connect({
      blockedAt: name => this.#blocked.get(name) ?? 0,
      deletionHeldAt: () => 0,
      willOffer: lacking => this.willOffer && lacking !== 0,
      replaced: () => undefined,
      history: NO_HISTORY,
    });
  }

  act(deed: Deed): void {
    this.#now += 60_000;
    switch (deed.kind) {
      case 'commit':
        this.table.takeUnsaved();
        return;
      case 'forget':
        this.table.forget(this.#now + 7_200_000);
        return;
      case 'block': {
        const name = TOPICS[deed.topic] ?? '';
        this.#blocked.set(name, (this.#blocked.get(name) ?? 0) ^ (1 << deed.broker));
        this.table.recount(name);
        return;
      }
      case 'write':
        this.#deliver(deed.topic, deed.broker, deed.payload, undefined);
        return;
      case 'deliver':
        this.#publish(deed.topic, deed.broker);
        return;
      case 'lose':
        this.#apply(deed.topic, {
          kind: 'probed',
          broker: deed.broker,
          found: 'unknown',
          isRolledBack: false,
          absence: 'loss',
          newVersion: this.#fresh(),
          now: this.#now,
        });
    }
  }

  /** The counts by a walk through all topics. */
  get counted(): { counts: Record<TopicState, number>; behind: number[]; diverging: string[] } {
    const counts = { converged: 0, diverging: 0, blocked: 0, deleted: 0 };
    const behind = new Array<number>(BROKERS).fill(0);
    const diverging: string[] = [];
    for (const [name, { register, policy }] of this.table.states.entries()) {
      const { winner } = register;
      if (winner === undefined) continue;
      const lacking = lackingAt(register, policy);
      expect(lacking === 0).to.equal(isEverywhere(register, policy));
      for (let index = 0; index < BROKERS; index++)
        behind[index] = (behind[index] ?? 0) + ((lacking >> index) & 1);
      const blocked = (lacking & (this.#blocked.get(name) ?? 0)) !== 0;
      const state =
        lacking === 0 ? (isDeletion(winner) ? 'deleted' : 'converged') : blocked ? 'blocked' : 'diverging';
      counts[state]++;
      if (lacking !== 0) diverging.push(name);
    }
    return { counts, behind, diverging };
  }

  #publish(topicIndex: number, to: number): void {
    const { commands } = this.#apply(topicIndex, { kind: 'offered', broker: to, now: this.#now });
    for (const command of commands) {
      if (command.kind === 'publish') this.#deliver(topicIndex, to, command.message.payload, command.message);
    }
  }

  #deliver(topicIndex: number, from: number, payload: Payload, ours: Message | undefined): void {
    this.#apply(topicIndex, {
      kind: 'observed',
      broker: from,
      payload,
      properties: '',
      retained: true,
      replay: false,
      returnState: 'intact',
      stamp: ours?.version,
      stamps: true,
      own: ours !== undefined,
      expiry: Number.POSITIVE_INFINITY,
      newVersion: this.#fresh(),
      firstContactRank: 0,
      isBlocked: false,
      now: this.#now,
    });
  }

  #apply(topicIndex: number, event: Event) {
    return this.table.apply(TOPICS[topicIndex] ?? '', event);
  }

  #fresh() {
    return { time: this.#now, counter: this.#counter++, replica: 'us' };
  }
}
