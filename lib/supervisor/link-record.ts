/** The state of the link to one broker, and its history. */

import type { LinkState } from '../protocol/link-state.ts';
import type { LogLevel } from '../protocol/messages.ts';

/** Problems of a broker that are kept. */
const MAX_PROBLEMS = 20;

/** A warning or an error of the log. */
export interface LinkProblem {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: 'error' | 'warn';
  /** Without the name of the broker. */
  readonly text: string;
}

/** These say more than that another attempt begins. */
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
  /** Restarts of the worker after crashes. */
  restarts = 0;
  /** Workers that were started so far; the counters of each begin at 0. */
  actors = 0;
  /** What the log said of the broker last, the newest first. */
  problems: readonly LinkProblem[] = [];
  #connections = 0;
  #isAtRest = false;

  /** Takes over the counts of the run before. */
  continue(former: LinkRecord | undefined): void {
    if (former === undefined) return;
    this.reconnects = former.reconnects;
    this.restarts = former.restarts;
    this.actors = former.actors;
    this.problems = former.problems;
    this.#connections = former.#connections;
  }

  /** The link stays parked until `unpark`, whatever the worker still reports before it ends. */
  park(reason: string): void {
    this.enter('parked', reason);
    this.#isAtRest = true;
  }

  /** A person wants no connection until `unpark`. */
  pause(): void {
    this.#isAtRest = false;
    this.enter('paused', '');
    this.#isAtRest = true;
  }

  /** A worker is started. */
  unpark(): void {
    this.#isAtRest = false;
    if (this.state === 'paused') this.enter('connecting', '');
  }

  /** The log says something of the broker. Only warnings and errors are kept. */
  logged(level: LogLevel, text: string, at: number): void {
    if (level !== 'warn' && level !== 'error') return;
    this.problems = [{ at, level, text }, ...this.problems].slice(0, MAX_PROBLEMS);
  }

  /** While another attempt is made, the state and the reason of the last failure stay. */
  enter(state: LinkState, detail: string): void {
    if (this.#isAtRest) return;
    if (state === 'connecting' && KEPT_WHILE_CONNECTING.has(this.state)) return;
    if (state !== this.state) this.since = Date.now();
    this.state = state;
    this.detail = state === 'ready' ? '' : detail;
    if (state !== 'ready') return;
    this.protocol = detail.replace(/^MQTT /, '');
    if (this.#connections++ > 0) this.reconnects++;
  }
}
