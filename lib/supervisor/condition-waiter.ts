/** Waits for conditions. They are checked again whenever `recheck` says that something has changed. */

export class ConditionWaiter {
  readonly #checks = new Set<() => void>();

  /** Resolves when the condition is met, or after so many milliseconds. */
  until(isMet: () => boolean, within: number): Promise<void> {
    return new Promise(resolve => {
      const end = () => {
        clearTimeout(timeout);
        this.#checks.delete(check);
        resolve();
      };
      const check = () => {
        if (isMet()) end();
      };
      const timeout = setTimeout(end, within);
      this.#checks.add(check);
      check();
    });
  }

  /** Checks all conditions: something has changed. */
  recheck(): void {
    for (const check of [...this.#checks]) check();
  }
}
