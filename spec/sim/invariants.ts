/**
 * What must hold at every moment of a history, whatever has happened: the numbered invariants of
 * docs/reconciliation.md that need no rest.
 */

import { expect } from 'chai';
import { MAX_PENDING, type Message, pendingAt } from '../../lib/core/register.ts';
import { compareVersions, type Version } from '../../lib/core/version.ts';
import { MAX_DRIFT, type SimReplicator } from './sim-replicator.ts';
import type { World } from './world.ts';

export class Invariants {
  readonly #world: World;
  /** The winners at the last look, by replicator, life and topic. */
  #winners = new Map<string, Message>();
  /** The furthest that any clock has been, in milliseconds since 1970. */
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
          expect(pending, `I6: publishes of ${topic} pending at ${broker}`).to.be.at.most(MAX_PENDING);
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
    expect(isBack, `I7: the winner of ${key} went back`).to.equal(false);
  }

  /** A version bears the time of somebody's clock: no stamp drags it further ahead than clocks may differ. */
  #assertDated({ replica }: SimReplicator, topic: string, { time }: Version): void {
    const ahead = time - (this.#latest + MAX_DRIFT);
    expect(ahead, `I11: ${replica} dates ${topic} ahead of every clock, by ms`).to.be.at.most(0);
  }
}
