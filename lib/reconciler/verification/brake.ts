/**
 * The brake on mass deletion: when much of what was asked for seems to have been deleted without our seeing
 * it, something else may have happened to the broker. Then nothing is deleted at the first look; what is
 * still absent at the next one is. Each look is judged by what is absent for the first time.
 */

/** Deletions in one look that are believed at once, however few topics there are. */
const ALWAYS_BELIEVED = 10;

/** The share of topics from which on deletions are held back. */
const SHARE = 0.2;

export interface Verdict {
  /** Absent, and believed to be deleted. */
  readonly deleted: readonly string[];
  /** Absent, and too many to be believed at once. */
  readonly heldBack: readonly string[];
}

export class Brake {
  #of = 0;
  #asked = new Set<string>();
  #absent: string[] = [];
  readonly #suspected = new Set<string>();

  /** A look begins: these topics are asked for, out of so many. */
  begin(asked: readonly string[], of: number): void {
    this.#asked = new Set(asked);
    this.#of = of;
    this.#absent = [];
  }

  /** Whether answers to the last look are outstanding. */
  get isOpen(): boolean {
    return this.#asked.size > 0;
  }

  /** Whether the topic is one of those of the last look that were not answered. */
  awaits(topic: string): boolean {
    return this.#asked.has(topic);
  }

  /** One topic was answered. Returns the verdict after the last answer. */
  answered(topic: string, answer: 'absent' | 'other'): Verdict | undefined {
    if (!this.#asked.delete(topic)) return undefined;
    if (answer === 'absent') this.#absent.push(topic);
    else this.#suspected.delete(topic);
    return this.#asked.size === 0 ? this.#verdict() : undefined;
  }

  /** The connection was lost: what was not decided is left as it was. */
  abort(): readonly string[] {
    const undecided = this.#absent;
    this.#asked.clear();
    this.#absent = [];
    return undecided;
  }

  #verdict(): Verdict {
    const absent = this.#absent;
    this.#absent = [];
    const news = absent.filter(topic => !this.#suspected.has(topic));
    const isMany = news.length > ALWAYS_BELIEVED && news.length > this.#of * SHARE;
    const heldBack = isMany ? news : [];
    const deleted = isMany ? absent.filter(topic => this.#suspected.has(topic)) : absent;
    for (const topic of deleted) this.#suspected.delete(topic);
    for (const topic of heldBack) this.#suspected.add(topic);
    return { deleted, heldBack };
  }
}
