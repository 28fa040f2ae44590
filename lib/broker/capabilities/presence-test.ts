/**
 * Whether a broker answers a SUBSCRIBE to the presence of other replicators. A broker whose access rules deny that filter may
 * close the connection instead. After three connections that ended like this the SUBSCRIBE is left out.
 */

import { type Findings, MAX_HANGUPS } from './findings.ts';

export class PresenceTest {
  readonly #findings: Findings;
  #unanswered = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** The SUBSCRIBE is about to be sent. */
  asking(): void {
    if (++this.#unanswered > MAX_HANGUPS) this.#findings.learn({ answersPresence: false });
  }

  answered(): void {
    this.#unanswered = 0;
    this.#findings.learn({ answersPresence: true });
  }
}
