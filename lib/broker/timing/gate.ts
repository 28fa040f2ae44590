/** Whoever awaits `passed` waits while the gate is closed. It is closed at first. */
export class Gate {
  #isOpen = false;
  #release: () => void = () => undefined;
  #passed = this.#untilOpened();

  /** Resolves once the gate is open. */
  get passed(): Promise<void> {
    return this.#passed;
  }

  open(): void {
    this.#isOpen = true;
    this.#release();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#passed = this.#untilOpened();
  }

  #untilOpened(): Promise<void> {
    return new Promise(resolve => {
      this.#release = resolve;
    });
  }
}
