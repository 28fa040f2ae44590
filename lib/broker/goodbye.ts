/**
 * The last messages to a broker before mqttrep closes the connection. After DISCONNECT the broker does not publish the will.
 * So if these messages do not get through, mqttrep closes the connection without DISCONNECT, and the broker publishes the will.
 */

import type { Connection } from './connection/connection.ts';
import { withTimeout } from './timing/with-timeout.ts';

/** An acknowledgement may be lost, and a link may take no more bytes. */
const GOODBYE_TIMEOUT_MS = 3_000;

/** @param published resolves when the messages are written or acknowledged */
export async function sayGoodbye(
  connection: Pick<Connection, 'closed' | 'destroy' | 'end'>,
  published: Promise<void> | undefined,
): Promise<void> {
  const outcome = await withTimeout(Promise.race([published, connection.closed]), GOODBYE_TIMEOUT_MS, 'late');
  if (outcome === 'late') connection.destroy();
  else await connection.end();
}
