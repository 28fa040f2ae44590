/** Messages that arrive at once, conflated like a broker's worker does. */

import type { SimMessage } from './sim-broker.ts';

export interface Burst {
  readonly message: SimMessage;
  readonly passedOver: readonly string[];
}

/** The newest write of each topic stays, with transient messages apart. */
export function conflate(burst: Map<string | SimMessage, Burst>, message: SimMessage): void {
  if (message.stamp !== undefined) {
    burst.set(message, { message, passedOver: [] });
    return;
  }
  const key = JSON.stringify([message.topic, message.retain]);
  const older = burst.get(key);
  burst.delete(key);
  const isHeld = older !== undefined && message.retain;
  burst.set(key, { message, passedOver: isHeld ? [...older.passedOver, older.message.payload] : [] });
}
