/** How the link to one broker is, and has been. */

import type { LinkState } from '../protocol/messages.ts';

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
  #isParked = false;

  get isParked(): boolean {
    return this.#isParked;
  }

  /** It is not tried again before `resume`, for a reason. */
  park(reason: string): void {
    this.enter('refused', reason);
    this.#isParked = true;
  }

  resume(): void {
    this.#isParked = false;
  }

  /** While it is tried again, what it failed of stays: that is of more interest than that it is tried. */
  enter(state: LinkState, detail: string): void {
    if (this.#isParked) return;
    if (state === 'connecting' && (this.state === 'unreachable' || this.state === 'refused')) return;
    if (state !== this.state) this.since = Date.now();
    this.state = state;
    this.detail = state === 'ready' ? '' : detail;
    if (state !== 'ready') return;
    this.protocol = detail.replace(/^MQTT /, '');
    if (this.#connections++ > 0) this.reconnects++;
  }
}
