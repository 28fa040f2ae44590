/**
 * The index of each broker. The reconciler's registers know brokers by index. If a broker is removed while mqttrep runs,
 * its index stays vacant: no other broker gets it, and the broker gets it back when it is added again.
 */

import type { BrokerConfig, Config } from '../config/config.ts';
import { MAX_BROKERS } from '../core/policy.ts';
import type { BrokerPlace } from '../protocol/settings.ts';
import { rankOf } from './settings.ts';

export class BrokerIndex {
  /** By index, including removed brokers. */
  readonly names: readonly string[];
  readonly #brokers: readonly BrokerConfig[];

  private constructor(names: readonly string[], brokers: readonly BrokerConfig[]) {
    this.names = names;
    this.#brokers = brokers;
  }

  static of({ brokers }: Config): BrokerIndex {
    return new BrokerIndex(
      brokers.map(({ name }) => name),
      brokers,
    );
  }

  /** The index for another configuration; undefined if there is no index left for a new broker. */
  next({ brokers }: Config): BrokerIndex | undefined {
    const added = brokers.map(({ name }) => name).filter(name => !this.names.includes(name));
    const names = [...this.names, ...added];
    return names.length > MAX_BROKERS ? undefined : new BrokerIndex(names, brokers);
  }

  /** By index. */
  get places(): readonly BrokerPlace[] {
    return this.names.map(name => {
      const broker = this.#brokers.find(one => one.name === name);
      const isRemoved = broker === undefined;
      return { name, rank: isRemoved ? 0 : rankOf(broker, this.#brokers), isRemoved };
    });
  }

  indexOf(name: string): number {
    return this.names.indexOf(name);
  }
}
