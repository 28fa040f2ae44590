/** The first contact: nothing is published before every broker has shown what it retains, or was waited for long enough. */

import type { BrokerLinks } from './links/broker-links.ts';

/** Milliseconds for which brokers are waited for at most. */
const FIRST_CONTACT_TIMEOUT_MS = 5_000;

export class FirstContact {
  #isOver = false;
  readonly #links: BrokerLinks;
  readonly #timeout: NodeJS.Timeout;
  readonly #over: () => void;

  /** @param over called once, when publishing may begin */
  constructor(links: BrokerLinks, over: () => void) {
    this.#links = links;
    this.#over = over;
    this.#timeout = setTimeout(() => this.end(), FIRST_CONTACT_TIMEOUT_MS);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** A broker has shown what it retains, or was removed. */
  endIfAllSeen(): void {
    if (this.#links.areSeen) this.end();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timeout);
    this.#over();
  }

  /** It will never be over. */
  close(): void {
    clearTimeout(this.#timeout);
  }
}
