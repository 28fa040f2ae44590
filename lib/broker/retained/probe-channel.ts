/**
 * The connection on which the broker is asked what it retains: one of its own (own-channel.ts), or the main connection at a
 * broker that allows no second one (main-channel.ts).
 */

import type { Connection } from '../connection/connection.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';
import type { EndOfRead, Read } from './retained-read.ts';
import type { Sentinel } from './sentinel.ts';

/** What a prober does with messages of the channel. */
export interface ProbeMessages {
  /** Whether the message is a sentinel, or a proof of read access. */
  readonly isOwn: (packet: ReceivedMessage) => boolean;
  /** Takes a message that may answer a probe. */
  readonly take: (packet: ReceivedMessage) => void;
}

export interface ProbeChannel {
  /**
   * @param sentinel to be placed, if there is one
   * @throws when the connection cannot be opened, or has ended
   */
  connect(sentinel: Sentinel | undefined): Promise<Connection>;
  /** The first of the topics that one SUBSCRIBE can ask for. */
  together(topics: readonly string[]): readonly string[];
  /** Reads what is retained under the topics, and ends their subscriptions. */
  read(
    connection: Connection,
    topics: readonly string[],
    sentinel: Sentinel | undefined,
    endOfRead: EndOfRead,
  ): Promise<Read>;
  place(connection: Connection, sentinel: Sentinel): Promise<void>;
  /** A message of the main connection arrived. Returns whether it was for the probes. */
  observeMain(packet: ReceivedMessage, messages: ProbeMessages): boolean;
  /**
   * Removes the sentinel, and ends a connection of its own.
   * @param work resolves when no probe is in flight
   */
  close(sentinel: Sentinel | undefined, work: Promise<void>): Promise<void>;
}
