/** Counts of what happened, by name. */

export class Counters {
  readonly counts: Record<string, number> = {};

  /** Counts one more; returns how many there are now. */
  count(name: string): number {
    const count = (this.counts[name] ?? 0) + 1;
    this.counts[name] = count;
    return count;
  }
}
