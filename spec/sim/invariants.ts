/** The numbered invariants of docs/reconciliation.md that hold at every moment of a history, not only at rest. */

import { AssertionError } from 'chai';
import type { Message } from '../../lib/core/message.ts';
import { MAX_PENDING, pendingAt } from '../../lib/core/register.ts';
import { compareVersions, type Version } from '../../lib/core/version.ts';
import { MAX_DRIFT, type SimReplicator } from './sim-replicator.ts';
import type { World } from './world.ts';

/** The invariants are checked after each step of each history, so a text is made only if one fails. */
function fail(message: string): never {
  throw new AssertionError(message);
}

export class Invariants {
  readonly #world: World;
  /** The winners at the last check, by replicator, life and topic. */
  #winners = new Map<string, Message>();
  /** The latest time that any clock has shown, in milliseconds since 1970. */
  #latest = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** @throws AssertionError that names the invariant */
  check(): void {
    const { replicators } = this.#world;
    for (const replicator of replicators) this.#latest = Math.max(this.#latest, replicator.now);
    const winners = new Map<string, Message>();
    for (const replicator of replicators) {
      for (const [topic, { register }] of replicator.reconciler.table.states.entries()) {
        for (const broker of this.#world.brokers.keys()) {
          const pending = pendingAt(register, broker);
          if (pending > MAX_PENDING) fail(`I6: ${pending} publishes of ${topic} are pending at ${broker}`);
        }
        const { winner } = register;
        if (winner === undefined) continue;
        const key = `${replicator.replica}/${replicator.lives}/${topic}`;
        this.#assertNoStepBack(key, winner.version);
        this.#assertDated(replicator, topic, winner.version);
        winners.set(key, winner);
      }
    }
    this.#winners = winners;
  }

  #assertNoStepBack(key: string, version: Version): void {
    const before = this.#winners.get(key)?.version;
    const isBack = before !== undefined && compareVersions(version, before) < 0;
    if (isBack) fail(`I7: the winner of ${key} rolled back`);
  }

  /** A version has the time of some clock: no stamp moves it further ahead than clocks may differ. */
  #assertDated({ replica }: SimReplicator, topic: string, { time }: Version): void {
    const ahead = time - (this.#latest + MAX_DRIFT);
    if (ahead > 0) fail(`I11: ${replica} dates ${topic} ahead of every clock, by ${ahead} ms`);
  }
}
