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

export interface EncodedPublishesDeps {
  readonly lane: Pick<Lane, 'publishEncoded'>;
  readonly flow: FlowControl;
  /** In bytes. */
  readonly maximumPacketSize: number;
  readonly hasEnded: () => boolean;
}

export class EncodedPublishes {
  readonly #deps: EncodedPublishesDeps;
  readonly #answered: (answer: PublishAnswer, id: number) => void;

  constructor(deps: EncodedPublishesDeps, answered: EncodedAnswer) {
    const { flow } = deps;
    this.#deps = deps;
    this.#answered = (answer, id) => {
      flow.release(true);
      answered(id, failureOf(answer));
    };
  }

  /**
   * Returns the packet identifier. It is 0, and nothing is published, if there is no room in the window, the packet may be too large
   * for the broker, or the connection has ended.
   */
  publish(packet: EncodedPublish): number {
    const { lane, flow, maximumPacketSize, hasEnded } = this.#deps;
    if (hasEnded() || packet.mostBytes > maximumPacketSize || !flow.take(true)) return 0;
    return lane.publishEncoded(packet, this.#answered);
  }
}
