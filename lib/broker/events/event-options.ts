/** The options of a connection for events: the broker keeps its session, and delivers no more at once than the event actor takes. */

import { EVENT_WINDOW } from '../../protocol/event-messages.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';

/**
 * @param options of the broker, as configured; their will is left out
 * @param expiry seconds for which the broker keeps the session (MQTT 5)
 */
export function eventOptions(
  { will: _will, properties, ...others }: ConnectionOptions['options'],
  expiry: number,
): ConnectionOptions['options'] {
  return {
    ...others,
    clean: false,
    properties: {
      ...(properties as object | undefined),
      receiveMaximum: EVENT_WINDOW,
      sessionExpiryInterval: expiry,
    },
  };
}
