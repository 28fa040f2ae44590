import type { BrokerSet } from '../core/policy.ts';

/** @param names of the brokers by index */
export function setOf(members: readonly string[], names: readonly string[]): BrokerSet {
  return names.reduce((set, name, index) => (members.includes(name) ? set | (1 << index) : set), 0);
}
