/** A publish of mqttrep itself that is awaited: a control topic, or the message of a capability test. */

import type { IClientPublishOptions } from 'mqtt';
import { withTimeout } from '../timing/with-timeout.ts';
import type { Connection } from './connection.ts';

export type PublishOutcome = 'acknowledged' | 'failed' | 'timeout';

/**
 * Never rejects. With QoS 0 a publish counts as acknowledged when it is written.
 * @param timeoutMs without a timeout the wait ends with the connection at the latest
 */
export function publishAcknowledged(
  connection: Pick<Connection, 'publish'>,
  topic: string,
  payload: string | Buffer,
  options: IClientPublishOptions,
  timeoutMs?: number,
): Promise<PublishOutcome> {
  const answered = new Promise<PublishOutcome>(resolve => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    connection.publish(topic, bytes, options, error => {
      resolve(error === undefined ? 'acknowledged' : 'failed');
    });
  });
  return timeoutMs === undefined ? answered : withTimeout(answered, timeoutMs, 'timeout');
}
