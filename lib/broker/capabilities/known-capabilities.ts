/** The capabilities of one broker, as the tests find them, and the tests that count over several connections. */

import { type BrokerCapabilities, UNTESTED } from './broker-capabilities.ts';
import { ControlTopicTest } from './control-topic-test.ts';
import { PresenceTest } from './presence-test.ts';
import { WillTest } from './will-test.ts';

export class KnownCapabilities {
  #current: BrokerCapabilities = UNTESTED;
  readonly will = new WillTest(this);
  readonly controlTopics = new ControlTopicTest(this);
  readonly presence = new PresenceTest(this);

  get current(): BrokerCapabilities {
    return this.#current;
  }

  /** A test found something out: makes a new value. */
  learn(found: Partial<BrokerCapabilities>): void {
    this.#current = Object.freeze({ ...this.#current, ...found });
  }
}
