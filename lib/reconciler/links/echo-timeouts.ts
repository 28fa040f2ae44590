/** Echoes that a broker has still to deliver: under each topic that of the newest publication. */

/** An echo is overdue when it has not come so many milliseconds after the publish was acknowledged. */
export const ECHO_LIMIT = 10_000;

interface ExpectedEcho {
  /** The newest publication of the topic, in the order of the session. */
  readonly sequence: number;
  /** When we first saw that it had been settled, in milliseconds of `performance.now()`. */
  acknowledgedAt: number | undefined;
}

export class EchoTimeouts {
  /** In the order of their publications. */
  readonly #expected = new Map<string, ExpectedEcho>();

  get size(): number {
    return this.#expected.size;
  }

  published(topic: string, sequence: number): void {
    this.#expected.delete(topic);
    this.#expected.set(topic, { sequence, acknowledgedAt: undefined });
  }

  arrived(topic: string): void {
    this.#expected.delete(topic);
  }

  clear(): void {
    this.#expected.clear();
  }

  /** Takes out the topics of which the echo is overdue, where all publications up to one have been settled. */
  overdue(through: number, uptime: number): string[] {
    const overdue: string[] = [];
    for (const [topic, awaited] of this.#expected) {
      if (awaited.sequence > through) break;
      awaited.acknowledgedAt ??= uptime;
      if (uptime - awaited.acknowledgedAt < ECHO_LIMIT) continue;
      this.#expected.delete(topic);
      overdue.push(topic);
    }
    return overdue;
  }
}
