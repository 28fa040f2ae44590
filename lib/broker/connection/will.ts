/** What the broker is to publish when a connection ends without DISCONNECT. */

import type { QoS } from '../../core/policy.ts';
import type { ConnectionOptions } from './connection-options.ts';

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  /** MQTT 5. */
  readonly properties?: { readonly messageExpiryInterval: number };
}

/** The QoS of the will in the options of a connection; 0 without a will. */
export function willQosOf({ options }: ConnectionOptions): QoS {
  return (options['will'] as { readonly qos?: QoS } | undefined)?.qos ?? 0;
}
