/**
 * The topics that the next commit is to store, and the numbers of commits: a change bears the number of the commit that it goes with.
 */

export class CommitQueue {
  /** The number of the next commit. */
  #next = 1;
  #topics = new Set<string>();

  /** The number of the commit that a change goes with now. */
  get current(): number {
    return this.#next;
  }

  /** The last commit to which no change will be added any more. */
  get closed(): number {
    return this.#next - 1;
  }

  /** The commit that will hold everything that has changed by now. */
  get closing(): number {
    return this.hasUnsaved ? this.#next : this.closed;
  }

  get hasUnsaved(): boolean {
    return this.#topics.size > 0;
  }

  /** The topics of the next commit. */
  get unsaved(): ReadonlySet<string> {
    return this.#topics;
  }

  /** The topic has changed. */
  add(topic: string): void {
    this.#topics.add(topic);
  }

  /** These topics are to be stored again with the next commit. */
  putBack(topics: Iterable<string>): void {
    for (const topic of topics) this.#topics.add(topic);
  }

  /** Commits are counted on from one of an earlier process. */
  advance(commit: number): void {
    this.#next = Math.max(this.#next, commit + 1);
  }

  /** Closes the commit, although it cannot be made now: its topics go with a later one. */
  close(): void {
    if (this.hasUnsaved) this.#next++;
  }

  /** Closes the commit, and takes out its topics. */
  take(): ReadonlySet<string> {
    const topics = this.#topics;
    this.#topics = new Set();
    if (topics.size > 0) this.#next++;
    return topics;
  }
}
