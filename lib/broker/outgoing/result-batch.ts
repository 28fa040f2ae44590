/** The results of publishes, gathered for one message to the reconciler a turn of the event loop. */

import type { PublicationId, PublishResults, Refusal } from '../../protocol/messages.ts';
import { publicationBytes, type RawPublication } from '../../protocol/publication.ts';
import { BatchTimer } from '../timing/batch-timer.ts';
import type { PublishFailure } from './hangups.ts';

export class ResultBatch {
  #bytes = 0;
  #acknowledged: PublicationId[] = [];
  #refused: Refusal[] = [];
  readonly #quarantined = new Set<string>();
  readonly #released = new Set<string>();
  readonly #timer: BatchTimer;

  /** @param report called when the results are to be taken */
  constructor(report: () => void) {
    this.#timer = new BatchTimer(report);
  }

  /** Nothing is reported any more. */
  close(): void {
    this.#timer.cancel();
  }

  /** Whether something waits to be reported. */
  get isWaiting(): boolean {
    return this.#timer.isRequested;
  }

  /** The publication no longer counts against the credit of the reconciler. */
  returnCredit(publication: RawPublication): void {
    this.#bytes += publicationBytes(publication);
  }

  completed(
    { topic, version, hasNoEcho, retain }: RawPublication,
    failure: PublishFailure | undefined,
  ): void {
    if (failure !== undefined)
      this.#refused.push({ topic, version, ...failure, ...(retain ? {} : { isTransient: true }) });
    else if (hasNoEcho) this.#acknowledged.push({ topic, version });
    this.#timer.request();
  }

  quarantined(topic: string): void {
    this.#quarantined.add(topic);
    this.#released.delete(topic);
    this.#timer.request();
  }

  released(topic: string): void {
    this.#released.add(topic);
    this.#timer.request();
  }

  /** @param completedUpTo all publications up to this number are complete */
  take(completedUpTo: number): PublishResults {
    this.#timer.cancel();
    const results: PublishResults = {
      kind: 'publish-results',
      completedUpTo,
      bytes: this.#bytes,
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      quarantined: [...this.#quarantined],
      released: [...this.#released],
    };
    this.#bytes = 0;
    this.#acknowledged = [];
    this.#refused = [];
    this.#quarantined.clear();
    this.#released.clear();
    return results;
  }
}
