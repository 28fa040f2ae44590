/** A delay that can be cut short. */
export class CancellableDelay {
  #end: () => void = () => undefined;

  /** Resolves after this many milliseconds, or when the delay is cut short. */
  async last(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      this.#end = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }

  cutShort(): void {
    this.#end();
  }
}
