/** What a prober is still to ask: each topic once, urgent ones first. */

import type { ProbePriority } from '../../core/events.ts';

export class ProbeRequests {
  readonly #topics: Readonly<Record<ProbePriority, Set<string>>> = {
    urgent: new Set(),
    background: new Set(),
  };
  readonly #parents = new Set<string>();

  addTopics(topics: readonly string[], priority: ProbePriority): void {
    for (const topic of topics) this.#topics[priority].add(topic);
  }

  /** Queued background probes of these topics are urgent from now on. */
  promote(topics: readonly string[]): void {
    const { urgent, background } = this.#topics;
    for (const topic of topics) if (background.delete(topic)) urgent.add(topic);
  }

  addParents(parents: readonly string[]): void {
    for (const parent of parents) this.#parents.add(parent);
  }

  /** Background probes fill up the batch: some brokers take seconds for one, and urgent probes wait for none of them. */
  takeTopics(most: number): string[] {
    const urgent = takeFrom(this.#topics.urgent, most);
    return [...urgent, ...takeFrom(this.#topics.background, most - urgent.length)];
  }

  takeParents(most: number): string[] {
    return takeFrom(this.#parents, most);
  }

  get hasParents(): boolean {
    return this.#parents.size > 0;
  }

  clear(): void {
    for (const set of [...Object.values(this.#topics), this.#parents]) set.clear();
  }
}

/** Removes and returns the oldest entries. */
function takeFrom(queue: Set<string>, most: number): string[] {
  const taken: string[] = [];
  for (const entry of queue) {
    if (taken.length >= most) break;
    queue.delete(entry);
    taken.push(entry);
  }
  return taken;
}
