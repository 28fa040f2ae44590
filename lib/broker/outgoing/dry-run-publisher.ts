/**
 * The outbox of a dry run. It logs each publication in place of publishing it, and reports it as acknowledged, so that the
 * reconciler goes on as if it had been published.
 */

import type { QoS } from '../../core/policy.ts';
import { quoted } from '../../core/printable.ts';
import { BatchReader } from '../../protocol/batch.ts';
import type { PublishResults } from '../../protocol/messages.ts';
import { publicationBytes, type RawPublication, readPublication } from '../../protocol/publication.ts';

/** Publications that are logged one by one. Of later ones only their number is logged. */
export const MAX_LOGGED = 1_000;

/** Time between two logs of that number. */
const SUMMARY_PERIOD_MS = 10_000;

export interface DryRunPublisherDeps {
  readonly report: (results: PublishResults) => void;
  readonly log: (message: string) => void;
}

export class DryRunPublisher {
  readonly counters = { dry_run: 0 };
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
    for (const publication of publications) this.#logPublication(publication);
    if (performance.now() - this.#loggedAt > SUMMARY_PERIOD_MS) this.#logSummary();
    this.#deps.report({
      kind: 'publish-results',
      completedUpTo: this.counters.dry_run,
      bytes: publications.reduce((sum, publication) => sum + publicationBytes(publication), 0),
      acknowledged: publications.map(({ topic, version }) => ({ topic, version })),
      refused: [],
    });
  }

  /** Nothing waits: each batch is reported at once. */
  takeResults(): undefined {
    return undefined;
  }

  lowerQos(_maxQos: QoS): void {
    // The log names the configured QoS.
  }

  /** No publish is in flight. */
  finish(): Promise<void> {
    return Promise.resolve();
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#logSummary();
  }

  #logPublication({ topic, payload, retain, qos }: RawPublication): void {
    if (++this.counters.dry_run > MAX_LOGGED) {
      this.#unlogged++;
      return;
    }
    const name = quoted(topic);
    const what = retain && payload.length === 0 ? `would delete ${name}` : `would publish ${name}`;
    this.#deps.log(`${what} (${retain ? 'retained, ' : ''}QoS ${qos}, ${payload.length} bytes)`);
  }

  #logSummary(): void {
    if (this.#unlogged === 0) return;
    this.#deps.log(`would publish ${this.#unlogged} more messages`);
    this.#unlogged = 0;
    this.#loggedAt = performance.now();
  }
}
