/** The messages of a replay as they arrive, and the quiet between them. One wait for quiet at a time. */
export class ReplayActivity {
  #quiet: NodeJS.Timeout | undefined;
  #hasMessages = false;

  /** A message arrived that may be replayed: a wait for quiet begins again. */
  touch(): void {
    this.#quiet?.refresh();
  }

  /** The message was neither a marker nor a sentinel. */
  note(): void {
    this.#hasMessages = true;
  }

  /** Whether messages arrived since the last call. */
  takeMessages(): boolean {
    const hadMessages = this.#hasMessages;
    this.#hasMessages = false;
    return hadMessages;
  }

  /** Calls back when no message arrived for this many milliseconds. Replaces an earlier wait. */
  afterQuiet(quietMs: number, call: () => void): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(call, quietMs);
  }

  /** Resolves when no message arrived for this many milliseconds. */
  quiet(quietMs: number): Promise<void> {
    return new Promise(resolve => this.afterQuiet(quietMs, resolve));
  }

  stop(): void {
    clearTimeout(this.#quiet);
    this.#quiet = undefined;
  }
}
