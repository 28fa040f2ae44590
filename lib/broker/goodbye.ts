/**
 * The goodbye to a broker: what mqttrep says there before it closes the connection in good order. A DISCONNECT suppresses
 * the will. So where the goodbye does not get through, the connection is closed without one, and the will says it.
 */

import type { Connection } from './connection/connection.ts';

/** Longest wait for the goodbye, in milliseconds: an acknowledgement may be lost, and a link may take no more bytes. */
const GOODBYE_LIMIT_MS = 3_000;

/** @param said resolves when the goodbye is written or acknowledged */
export async function sayGoodbye(
  connection: Pick<Connection, 'closed' | 'destroy' | 'end'>,
  said: Promise<void> | undefined,
): Promise<void> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(resolve => {
    limit = setTimeout(() => resolve('late'), GOODBYE_LIMIT_MS);
  });
  const outcome = await Promise.race([said, connection.closed, late]);
  clearTimeout(limit);
  if (outcome === 'late') connection.destroy();
  else await connection.end();
}
