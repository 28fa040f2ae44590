/** What the broker is to publish when a connection ends without DISCONNECT. */

import type { QoS } from '../../core/policy.ts';

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** MQTT 5. */
  readonly properties?: { readonly messageExpiryInterval: number };
}
