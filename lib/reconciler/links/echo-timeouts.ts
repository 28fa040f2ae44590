/** Echoes that a broker has not delivered yet; of each topic that of the newest publication. */

/** An echo is overdue so many milliseconds after the acknowledgement of its publish. */
export const ECHO_TIMEOUT_MS = 10_000;

interface ExpectedEcho {
  /** The newest publication of the topic, in the order of the session. */
  readonly sequence: number;
  /** When it was first seen to be settled, in milliseconds of `performance.now()`. */
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

  /** Takes out the topics whose echo is overdue. All publications up to `through` have been settled. */
  overdue(through: number, uptime: number): string[] {
    const overdue: string[] = [];
    for (const [topic, echo] of this.#expected) {
      if (echo.sequence > through) break;
      echo.acknowledgedAt ??= uptime;
      if (uptime - echo.acknowledgedAt < ECHO_TIMEOUT_MS) continue;
      this.#expected.delete(topic);
      overdue.push(topic);
    }
    return overdue;
  }
}
