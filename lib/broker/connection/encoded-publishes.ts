/**
 * Publishes of one user that it encodes itself. They take their places in the window of the broker, and all are answered by one
 * function: there is no object for a publish in flight.
 */

import type { EncodedPublish } from '../lane/encoded-publish.ts';
import type { Lane } from '../lane/lane.ts';
import type { PublishAnswer } from '../lane/lane-writes.ts';
import type { FlowControl } from './flow-control.ts';
import { failureOf } from './publish-failure.ts';

/** @param error undefined if the broker has acknowledged the publish */
export type EncodedAnswer = (id: number, error: Error | undefined) => void;

export class EncodedPublishes {
  readonly #lane: Pick<Lane, 'publishEncoded'>;
  readonly #flow: FlowControl;
  readonly #hasEnded: () => boolean;
  readonly #answered: (answer: PublishAnswer, id: number) => void;

  constructor(
    lane: Pick<Lane, 'publishEncoded'>,
    flow: FlowControl,
    hasEnded: () => boolean,
    answered: EncodedAnswer,
  ) {
    this.#lane = lane;
    this.#flow = flow;
    this.#hasEnded = hasEnded;
    this.#answered = (answer, id) => {
      flow.release(true);
      answered(id, failureOf(answer));
    };
  }

  /** Returns the packet identifier; 0 if there is no room in the window, or the connection has ended. Then nothing is published. */
  publish(packet: EncodedPublish): number {
    if (this.#hasEnded() || !this.#flow.take(true)) return 0;
    return this.#lane.publishEncoded(packet, this.#answered);
  }
}
