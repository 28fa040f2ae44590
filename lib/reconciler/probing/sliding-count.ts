/** How many there were within a window of time up to now. Bounded: each second has one entry. */

interface Entry {
  readonly second: number;
  count: number;
}

export class SlidingCount {
  readonly #windowMs: number;
  #entries: Entry[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param uptime milliseconds of `performance.now()` */
  add(count: number, uptime: number): void {
    const second = Math.floor(uptime / 1_000);
    const last = this.#entries.at(-1);
    if (last?.second === second) last.count += count;
    else this.#entries.push({ second, count });
    this.#forget(uptime);
  }

  /** How many there were in the window that ends at this time of `performance.now()`. */
  within(uptime: number): number {
    this.#forget(uptime);
    return this.#entries.reduce((sum, { count }) => sum + count, 0);
  }

  clear(): void {
    this.#entries = [];
  }

  #forget(uptime: number): void {
    const oldest = (uptime - this.#windowMs) / 1_000;
    while ((this.#entries[0]?.second ?? oldest) < oldest) this.#entries.shift();
  }
}
