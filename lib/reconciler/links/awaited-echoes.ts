/** Echoes that a broker has still to deliver: under each topic that of the newest publication. */

/** An echo is overdue when it has not come so many milliseconds after the publish was acknowledged. */
export const ECHO_LIMIT = 10_000;

interface Awaited {
  /** The newest publication of the topic, in the order of the session. */
  readonly sequence: number;
  /** When we first saw that it had been settled, in milliseconds of `performance.now()`. */
  settledAt: number | undefined;
}

export class AwaitedEchoes {
  /** In the order of their publications. */
  readonly #awaited = new Map<string, Awaited>();

  get size(): number {
    return this.#awaited.size;
  }

  published(topic: string, sequence: number): void {
    this.#awaited.delete(topic);
    this.#awaited.set(topic, { sequence, settledAt: undefined });
  }

  arrived(topic: string): void {
    this.#awaited.delete(topic);
  }

  clear(): void {
    this.#awaited.clear();
  }

  /** Takes out the topics of which the echo is overdue, where all publications up to one have been settled. */
  overdue(through: number, uptime: number): string[] {
    const overdue: string[] = [];
    for (const [topic, awaited] of this.#awaited) {
      if (awaited.sequence > through) break;
      awaited.settledAt ??= uptime;
      if (uptime - awaited.settledAt < ECHO_LIMIT) continue;
      this.#awaited.delete(topic);
      overdue.push(topic);
    }
    return overdue;
  }
}
