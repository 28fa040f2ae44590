/**
 * Whether another client connects with the same client id, so that the broker disconnects the two in turns. Over MQTT 3.1.1 a
 * broker gives no reason when it does; several connections in a row that the broker closes soon are the sign of it.
 */

import type { BrokerPlaces } from '../../protocol/settings.ts';

/** The reason of a connection that may have been taken over. */
const CLOSED_BY_BROKER = /^the connection was closed$|ECONNRESET/;

const SHORT_CONNECTIONS_OF_TAKEOVER = 3;

export class TakeoverSigns {
  /** Connections in a row that the broker closed soon. */
  #shortConnections = 0;

  /**
   * A connection was lost.
   * @param isShort whether it ended soon after it began
   * @returns what a user does against the other client; empty without a sign of one
   */
  lost(isShort: boolean, reason: string, clientId: string, { options }: BrokerPlaces): string {
    this.#shortConnections = isShort && CLOSED_BY_BROKER.test(reason) ? this.#shortConnections + 1 : 0;
    return this.#shortConnections < SHORT_CONNECTIONS_OF_TAKEOVER
      ? ''
      : `; another client may connect with the client id ${clientId}, and the broker closes the connection of the one before: give each client an id of its own (\`clientId\` in ${options})`;
  }
}
