/** The messages of a short connection. Each is acknowledged at once, and every wait has a timeout. */

import type { Connection } from '../connection/connection.ts';
import type { ReceivedMessage } from '../lane/received-message.ts';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** After this many milliseconds without a message no more is expected. */
  readonly quietMs?: number;
  readonly signal: AbortSignal;
}

export class Inbox {
  readonly #connection: Connection;
  #take: (packet: ReceivedMessage) => void;
  #check: () => void = () => undefined;

  /** @param take receives each message; a broker may send what it has kept with its CONNACK */
  constructor(connection: Connection, take: (packet: ReceivedMessage) => void = () => undefined) {
    this.#connection = connection;
    this.#take = take;
    connection.receive((packet, done) => {
      this.#take(packet);
      done();
      this.#check();
    });
  }

  /** Receives each message from now on. */
  set take(take: (packet: ReceivedMessage) => void) {
    this.#take = take;
  }

  /** Resolves with whether the condition holds in time. It is checked after each message. */
  until(condition: () => boolean, { timeoutMs, quietMs, signal }: WaitOptions): Promise<boolean> {
    return new Promise(resolve => {
      const end = () => {
        clearTimeout(timeout);
        clearTimeout(quiet);
        signal.removeEventListener('abort', end);
        this.#check = () => undefined;
        resolve(condition());
      };
      const timeout = setTimeout(end, timeoutMs);
      const quiet = quietMs === undefined ? undefined : setTimeout(end, quietMs);
      this.#check = () => {
        quiet?.refresh();
        if (condition()) end();
      };
      signal.addEventListener('abort', end);
      void this.#connection.closed.then(end);
      if (condition() || signal.aborted) end();
    });
  }
}
