/** A wait that can be cut short. */
export class CancellableDelay {
  #end: () => void = () => undefined;

  /** Resolves after so many milliseconds, or when it is cut short. */
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
