/**
 * What goes out in a dry run: nothing. It is logged, and counts as arrived, so that the reconciler goes on as
 * if it had been published.
 */

import type { QoS } from '../../core/policy.ts';
import { quoted } from '../../core/printable.ts';
import { BatchReader } from '../../protocol/batch.ts';
import type { PublishResults } from '../../protocol/messages.ts';
import { publicationBytes, type RawPublication, readPublication } from '../../protocol/publication.ts';

/** Publications that are logged one by one; of those beyond only the number is. */
export const LOGGED = 1_000;

/** Milliseconds from one such number to the next. */
const SUM_PERIOD = 10_000;

export interface DryRunPublisherDeps {
  readonly report: (settled: PublishResults) => void;
  readonly log: (message: string) => void;
}

export class DryRunPublisher {
  readonly counters = { rehearsed: 0 };
  readonly #deps: DryRunPublisherDeps;
  #unlogged = 0;
  #loggedAt = 0;

  constructor(deps: DryRunPublisherDeps) {
    this.#deps = deps;
  }

  add(batch: ArrayBuffer): void {
    const reader = new BatchReader(batch);
    const publications: RawPublication[] = [];
    while (!reader.done) publications.push(readPublication(reader));
    for (const publication of publications) this.#say(publication);
    if (performance.now() - this.#loggedAt > SUM_PERIOD) this.#saySum();
    this.#deps.report({
      kind: 'publish-results',
      completedUpTo: this.counters.rehearsed,
      bytes: publications.reduce((sum, publication) => sum + publicationBytes(publication), 0),
      acknowledged: publications.map(({ topic, version }) => ({ topic, version })),
      refused: [],
    });
  }

  /** What a broker grants is nothing to what is not published. */
  lowerQos(_maxQos: QoS): void {
    // Logged is what was configured.
  }

  /** Nothing is under way. */
  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#saySum();
  }

  #say({ topic, payload, retain, qos }: RawPublication): void {
    if (++this.counters.rehearsed > LOGGED) {
      this.#unlogged++;
      return;
    }
    const name = quoted(topic);
    const what = retain && payload.length === 0 ? `would erase ${name}` : `would publish ${name}`;
    this.#deps.log(`${what} (${retain ? 'retained, ' : ''}QoS ${qos}, ${payload.length} bytes)`);
  }

  #saySum(): void {
    if (this.#unlogged === 0) return;
    this.#deps.log(`would publish ${this.#unlogged} more messages`);
    this.#unlogged = 0;
    this.#loggedAt = performance.now();
  }
}
