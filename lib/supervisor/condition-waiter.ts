/** Those who wait until something is so, which is looked at whenever it may have changed. */

export class ConditionWaiter {
  readonly #looks = new Set<() => void>();

  /** Resolves when the condition is met, or after so many milliseconds. */
  until(isMet: () => boolean, within: number): Promise<void> {
    return new Promise(resolve => {
      const end = () => {
        clearTimeout(limit);
        this.#looks.delete(recheck);
        resolve();
      };
      const recheck = () => {
        if (isMet()) end();
      };
      const limit = setTimeout(end, within);
      this.#looks.add(recheck);
      recheck();
    });
  }

  /** Something has changed. */
  look(): void {
    for (const look of [...this.#looks]) look();
  }
}
