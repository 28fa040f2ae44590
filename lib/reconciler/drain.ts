/** The end of the process: what waits is still sent, as far as the brokers take it in time. */

import type { Undelivered } from '../protocol/control-messages.ts';
import type { BrokerLinks } from './links/broker-links.ts';

export class Drain {
  readonly #links: BrokerLinks;
  #emptied: (() => void) | undefined;

  constructor(links: BrokerLinks) {
    this.#links = links;
  }

  /** Waits until everything is settled, for so many milliseconds. Returns what connected brokers have not taken by then. */
  async empty(within: number): Promise<readonly Undelivered[]> {
    let timeout: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      this.#emptied = resolve;
      timeout = setTimeout(resolve, within);
      this.check();
    });
    clearTimeout(timeout);
    return [...this.#links]
      .filter(({ unsettled }) => unsettled > 0)
      .map(({ name, unsettled }) => ({ name, messages: unsettled }));
  }

  /** A broker has settled something, or its connection is gone. */
  check(): void {
    if (!this.#links.areBusy) this.#emptied?.();
  }
}
