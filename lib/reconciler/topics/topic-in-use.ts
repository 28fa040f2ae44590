/**
 * A topic that is kept as an object, from a change until it rests. All that only concerns such a topic stands here, so that no
 * other map has to be searched for its name.
 */

import type { Topic } from './topic.ts';

export class TopicInUse {
  readonly name: string;
  topic: Topic;
  /** What its messages take in memory. */
  bytes: number;
  /** The next commit is to store it. Until then it does not rest. */
  isUnsaved = false;
  /**
   * When the winner arrived here, in milliseconds of `performance.now()`; undefined if that is not known, or the winner was seen at
   * all brokers.
   */
  arrivedAt: number | undefined = undefined;

  constructor(name: string, topic: Topic, bytes: number) {
    this.name = name;
    this.topic = topic;
    this.bytes = bytes;
  }
}
