/** How the link to one broker is, and has been. */

import type { LinkState } from '../protocol/messages.ts';

/** What is of more interest than that another attempt is made. */
const KEPT_WHILE_CONNECTING: ReadonlySet<LinkState> = new Set(['unreachable', 'refused', 'parked']);

export class LinkRecord {
  state: LinkState = 'connecting';
  /** Why it is not connected, or ''. */
  detail = '';
  /** When the state was entered, in milliseconds since 1970. */
  since = Date.now();
  /** '5', '3.1.1' or '3.1'; null before the first connection. */
  protocol: string | null = null;
  /** Connections after the first one. */
  reconnects = 0;
  /** Of the actor, after crashes. */
  restarts = 0;
  /** Actors there were so far: each counts from 0. */
  actors = 0;
  #connections = 0;
  /** Until `resume`, whatever an actor says that is on its way out. */
  #isParked = false;

  /** It is not tried again before `resume`, for a reason. */
  park(reason: string): void {
    this.enter('parked', reason);
    this.#isParked = true;
  }

  resume(): void {
    this.#isParked = false;
  }

  /** While it is tried again, what it failed of stays. */
  enter(state: LinkState, detail: string): void {
    if (this.#isParked) return;
    if (state === 'connecting' && KEPT_WHILE_CONNECTING.has(this.state)) return;
    if (state !== this.state) this.since = Date.now();
    this.state = state;
    this.detail = state === 'ready' ? '' : detail;
    if (state !== 'ready') return;
    this.protocol = detail.replace(/^MQTT /, '');
    if (this.#connections++ > 0) this.reconnects++;
  }
}
