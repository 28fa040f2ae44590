/**
 * While a broker is connected at another address than its first one: finds out when the first one answers again, and has done so
 * for a while. An address that comes and goes would otherwise cost a connection each time.
 */

/** How often it must answer in a row within that while. */
const ANSWERS = 3;

export interface FirstAddressDeps {
  /** Milliseconds for which the first address must answer. */
  readonly returnAfter: number;
  /** Connects to the first address and disconnects again; rejects if that is not possible. */
  readonly tryFirst: (signal: AbortSignal) => Promise<void>;
  /** Called once. */
  readonly answersAgain: () => void;
}

export class FirstAddress {
  readonly #deps: FirstAddressDeps;
  readonly #giveUp = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #answers = 0;

  constructor(deps: FirstAddressDeps) {
    this.#deps = deps;
    this.#schedule();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#giveUp.abort();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#deps.returnAfter / ANSWERS);
  }

  async #look(): Promise<void> {
    try {
      await this.#deps.tryFirst(this.#giveUp.signal);
      this.#answers++;
    } catch {
      this.#answers = 0;
    }
    if (this.#giveUp.signal.aborted) return;
    if (this.#answers < ANSWERS) this.#schedule();
    else this.#deps.answersAgain();
  }
}
