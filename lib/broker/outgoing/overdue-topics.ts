/**
 * Topics with unacknowledged publishes. An acknowledgement may get lost once. If a topic is overdue twice in a row, the broker
 * does not acknowledge it.
 */
export class OverdueTopics {
  #before: ReadonlySet<string> = new Set();

  /** These topics are overdue. Returns those that were overdue the last time, too. */
  found(topics: readonly string[]): readonly string[] {
    const repeated = topics.filter(topic => this.#before.has(topic));
    this.#before = new Set(topics);
    return repeated;
  }
}
