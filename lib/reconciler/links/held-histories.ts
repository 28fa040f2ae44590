/** What each broker held a moment ago, for the table of topics: it tells of each change, and has the history stored with the topic. */

import type { Superseded, SupersededAt } from '../../store/state-store.ts';
import type { HeldBefore, HeldChange } from '../topics/held-change.ts';
import type { BrokerLinks } from './broker-links.ts';

const NO_VALUES: readonly SupersededAt[] = [];

export class HeldHistories implements HeldBefore {
  readonly #links: BrokerLinks;

  constructor(links: BrokerLinks) {
    this.#links = links;
  }

  changed(topic: string, broker: number, change: HeldChange): void {
    this.#links.find(broker)?.state.changed(topic, change);
  }

  heldUnseen(topic: string, broker: number, value: Superseded): void {
    this.#links.find(broker)?.state.heldUnseen(topic, value);
  }

  load(topic: string, superseded: readonly SupersededAt[]): void {
    for (const { index, state } of this.#links) {
      const values = superseded.filter(({ broker }) => broker === index);
      if (values.length > 0) state.history.load(topic, values);
    }
  }

  of(topic: string): readonly SupersededAt[] {
    let all: SupersededAt[] | undefined;
    for (const { index, state } of this.#links.all) {
      for (const { from, until, payload, properties } of state.history.stored(topic)) {
        all ??= [];
        all.push({ broker: index, from, until, payload, properties });
      }
    }
    return all ?? NO_VALUES;
  }

  forget(topic: string): void {
    for (const { state } of this.#links) state.history.forget(topic);
  }
}
