/** Counts of what happened, by name. */

export class Counters {
  readonly counts: Record<string, number> = {};

  /** Counts one more. Returns the count. */
  count(name: string): number {
    const count = (this.counts[name] ?? 0) + 1;
    this.counts[name] = count;
    return count;
  }
}
