/** The first contact: nothing is published before every broker has shown what it retains, or was waited for. */

import type { BrokerLinks } from './links/broker-links.ts';

/** Brokers are waited for no longer than so many milliseconds. */
const LIMIT = 5_000;

export class FirstContact {
  #isOver = false;
  readonly #links: BrokerLinks;
  readonly #limit: NodeJS.Timeout;
  readonly #over: () => void;

  /** @param over called once, when publishing may begin */
  constructor(links: BrokerLinks, over: () => void) {
    this.#links = links;
    this.#over = over;
    this.#limit = setTimeout(() => this.end(), LIMIT);
  }

  /** A broker has been seen, or is no longer waited for. */
  endIfAllSeen(): void {
    if (this.#links.areSeen) this.end();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#limit);
    this.#over();
  }

  /** It will not end any more. */
  close(): void {
    clearTimeout(this.#limit);
  }
}
