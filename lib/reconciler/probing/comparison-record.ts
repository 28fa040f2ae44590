/** The last comparison with a broker that a person asked for. */

import type { Comparison } from '../../protocol/answers.ts';
import type { FullScanResult } from '../../protocol/messages.ts';

export class ComparisonRecord {
  #last: Comparison | null = null;

  get last(): Comparison | null {
    return this.#last;
  }

  /** @param now milliseconds since 1970 */
  begun(now: number): void {
    this.#last = { begunAt: now, state: 'running', differing: 0 };
  }

  /** A full scan is over: if a comparison is running, this was it. */
  ended(outcome: FullScanResult['outcome'], differing: number): void {
    if (this.#last?.state !== 'running') return;
    const state = outcome === 'complete' || outcome === 'incomplete' ? outcome : 'failed';
    this.#last = { ...this.#last, state, differing };
  }

  disconnected(): void {
    this.ended('interrupted', 0);
  }
}
