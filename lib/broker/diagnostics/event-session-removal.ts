/** Removes the session in which a broker keeps events for mqttrep, for `mqttrep forget`. A broker without one does the same. */

import { connectOnce, type DiagnosticsSettings } from './connect-once.ts';

/**
 * @param settings with the client id of the event connection
 * @throws (rejects) when the broker cannot be reached
 */
export async function removeEventSession(settings: DiagnosticsSettings, signal: AbortSignal): Promise<void> {
  const { properties, ...options } = settings.options;
  const expiry = { ...(properties as object | undefined), sessionExpiryInterval: 0 };
  const { connection } = await connectOnce(
    { ...settings, options: { ...options, properties: expiry } },
    signal,
  );
  await connection.end();
}
