/** The end: what waits is still sent, as far as the brokers take it in time. */

import type { Undelivered } from '../protocol/messages.ts';
import type { BrokerLinks } from './links/broker-links.ts';

export class Drain {
  readonly #links: BrokerLinks;
  #emptied: (() => void) | undefined;

  constructor(links: BrokerLinks) {
    this.#links = links;
  }

  /** Waits until all is taken, for so many milliseconds. Returns what the brokers that are connected have not taken. */
  async empty(within: number): Promise<readonly Undelivered[]> {
    let limit: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      this.#emptied = resolve;
      limit = setTimeout(resolve, within);
      this.check();
    });
    clearTimeout(limit);
    return [...this.#links]
      .filter(({ busy }) => busy)
      .map(({ name, unconfirmed }) => ({ name, messages: unconfirmed }));
  }

  /** A broker has taken something, or is gone. */
  check(): void {
    if (!this.#links.areBusy) this.#emptied?.();
  }
}
