/** Where a capability test reads what is known, and puts what it found. */

import type { BrokerCapabilities } from './broker-capabilities.ts';

export interface Findings {
  readonly current: BrokerCapabilities;
  learn(found: Partial<BrokerCapabilities>): void;
}

/** After this many hang-ups in a row something is left out. Two: one for each version of MQTT. */
export const MAX_HANGUPS = 2;
