/**
 * Topics of which a broker did not say what it retains when it was asked. Nothing follows from that, so a deletion
 * may go unnoticed meanwhile: they are asked for again a few times, with growing distance, and are then left to
 * anti-entropy. So are those that could not be read. Bounded by the topics; empty when all is well.
 *
 * Times are milliseconds of `performance.now()`, which goes on evenly when the machine's clock is set.
 */

interface Silence {
  readonly probes: number;
  askAt: number;
}

/** Stands for a time to be asked again, while the broker is asked. */
const BEING_PROBED = Number.POSITIVE_INFINITY;

const FIRST_DISTANCE = 1_000;

/** Some brokers never say: those that deny the topic, or show no sentinel. */
const MAX_PROBES = 6;

/** Topics asked again at one time, at most. */
const MOST = 500;

export class ProbeRetries {
  readonly #silences = new Map<string, Silence>();

  get size(): number {
    return this.#silences.size;
  }

  /**
   * The broker was asked, and did not say. It is asked again; unless it never said, so many times.
   * Returns whether it is.
   */
  silent(topic: string, uptime: number): boolean {
    const questions = (this.#silences.get(topic)?.probes ?? 0) + 1;
    const isAskedAgain = questions !== MAX_PROBES;
    if (isAskedAgain)
      this.#silences.set(topic, { probes: questions, askAt: uptime + FIRST_DISTANCE * 4 ** (questions - 1) });
    else this.#silences.delete(topic);
    return isAskedAgain;
  }

  /** The broker has said what it retains. */
  answered(topic: string): void {
    this.#silences.delete(topic);
  }

  /** The connection is gone: at its return all is compared anew. */
  clear(): void {
    this.#silences.clear();
  }

  /** Topics whose time has come. They stay so until they are `asked`. */
  due(uptime: number): string[] {
    const due: string[] = [];
    for (const [topic, { askAt }] of this.#silences) {
      if (askAt <= uptime) due.push(topic);
      if (due.length === MOST) break;
    }
    return due;
  }

  asked(topic: string): void {
    const silence = this.#silences.get(topic);
    if (silence !== undefined) silence.askAt = BEING_PROBED;
  }

  /** Whether some topic waits for its time. */
  get isWaiting(): boolean {
    for (const { askAt } of this.#silences.values()) if (askAt !== BEING_PROBED) return true;
    return false;
  }
}
