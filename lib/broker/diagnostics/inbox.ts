/** What a connection receives, for who looks at it and goes: nothing is held back, and every wait has a limit. */

import type { IPublishPacket } from 'mqtt';
import type { Connection } from '../connection/connection.ts';

export interface Patience {
  /** Milliseconds in all. */
  readonly limit: number;
  /** Milliseconds without a message, after which nothing more is expected. */
  readonly quiet?: number;
  readonly signal: AbortSignal;
}

export class Inbox {
  readonly #connection: Connection;
  #take: (packet: IPublishPacket) => void = () => undefined;
  #look: () => void = () => undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.receive((packet, done) => {
      this.#take(packet);
      done();
      this.#look();
    });
  }

  /** From now on each message goes there. */
  set take(take: (packet: IPublishPacket) => void) {
    this.#take = take;
  }

  /** Resolves with whether the condition came to hold; looked at after each message. */
  until(condition: () => boolean, { limit, quiet, signal }: Patience): Promise<boolean> {
    return new Promise(resolve => {
      const end = () => {
        clearTimeout(latest);
        clearTimeout(silence);
        signal.removeEventListener('abort', end);
        this.#look = () => undefined;
        resolve(condition());
      };
      const latest = setTimeout(end, limit);
      const silence = quiet === undefined ? undefined : setTimeout(end, quiet);
      this.#look = () => {
        silence?.refresh();
        if (condition()) end();
      };
      signal.addEventListener('abort', end);
      void this.#connection.closed.then(end);
      if (condition() || signal.aborted) end();
    });
  }
}
