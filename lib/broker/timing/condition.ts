/** Waits for a condition. Whatever changes the facts behind the condition calls `check`. One wait at a time. */
export class Condition {
  #check: () => void = () => undefined;

  /** The facts have changed. */
  check(): void {
    this.#check();
  }

  /** Resolves with whether the condition held within the timeout. */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    return new Promise(resolve => {
      const end = (holds: boolean) => {
        clearTimeout(timer);
        this.#check = () => undefined;
        resolve(holds);
      };
      const timer = setTimeout(() => end(false), timeoutMs);
      this.#check = () => {
        if (condition()) end(true);
      };
      this.#check();
    });
  }
}
