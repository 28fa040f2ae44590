/**
 * When the event connection may be opened next: after the pause that the last attempt asks for, and while the state connection has
 * stood long enough.
 */

import { CancellableDelay } from '../timing/cancellable-delay.ts';
import type { SecondPlace } from './second-place.ts';

/** Until the state connection begins, or an order comes. */
const FOR_LONG_MS = 2 ** 31 - 1;

export class EventTurn {
  readonly #place: Pick<SecondPlace, 'isFree' | 'wait'>;
  readonly #pause = new CancellableDelay();
  readonly #absence = new CancellableDelay();
  /** In milliseconds of `performance.now()`. */
  #pausedUntil = 0;

  constructor(place: Pick<SecondPlace, 'isFree' | 'wait'>) {
    this.#place = place;
  }

  /** The next attempt is not made before this many milliseconds have passed. */
  pause(milliseconds: number): void {
    this.#pausedUntil = performance.now() + milliseconds;
  }

  /** The next attempt may be made at once. */
  endPause(): void {
    this.#pausedUntil = 0;
  }

  /** There is an order: a wait ends. */
  cutShort(): void {
    this.#pause.cutShort();
    this.#absence.cutShort();
  }

  /** The state connection begins. */
  stateBegan(): void {
    this.#absence.cutShort();
  }

  /**
   * Waits as long as there is a reason to. Resolves with whether there is none now.
   * @param needsPlace whether the state connection has to stand
   */
  async came(needsPlace: boolean): Promise<boolean> {
    const wait = Math.max(this.#pausedUntil - performance.now(), this.#place.wait);
    if (wait > 0) await this.#pause.last(wait);
    else if (needsPlace && !this.#place.isFree) await this.#absence.last(FOR_LONG_MS);
    return !needsPlace || (this.#place.isFree && this.#place.wait <= 0);
  }
}
