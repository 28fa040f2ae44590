/**
 * Topics of which publishes stayed unacknowledged. A lost acknowledgement happens once. A topic that is overdue twice in a
 * row is one that the broker does not answer.
 */
export class OverdueTopics {
  #before: ReadonlySet<string> = new Set();

  /** These are overdue. Returns those of them that were the last time, too. */
  found(topics: readonly string[]): readonly string[] {
    const repeated = topics.filter(topic => this.#before.has(topic));
    this.#before = new Set(topics);
    return repeated;
  }
}
