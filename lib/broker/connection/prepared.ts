/** What a connection needs before it is opened: its secrets, a signature, and the way through a proxy. */

import { withAwsSignature } from '../credentials/aws-signature.ts';
import { hasSecrets, withSecrets } from '../credentials/secrets.ts';
import { targetOf } from '../network/target.ts';
import { openTunnel } from '../network/tunnel.ts';
import { CONNECT_TIMEOUT_MS } from './client-options.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { withKeptSession } from './kept-session.ts';

/**
 * @returns a promise only where something has to be waited for
 * @throws ConnectError if a secret cannot be read, or the proxy opens no connection
 */
export function prepared(
  settings: ConnectionOptions,
  signal?: AbortSignal,
): ConnectionOptions | Promise<ConnectionOptions> {
  const { options } = settings;
  return hasSecrets(options) || 'proxy' in options || 'awsSigV4' in options
    ? prepare(settings, signal)
    : settings;
}

async function prepare(settings: ConnectionOptions, signal?: AbortSignal): Promise<ConnectionOptions> {
  const secrets = await withSecrets(settings.options, signal);
  const options = await withAwsSignature(settings.url, secrets, signal);
  const ready = withKeptSession({ ...settings, options });
  const { proxy, connectTimeout = CONNECT_TIMEOUT_MS } = options;
  if (typeof proxy !== 'string') return ready;
  return { ...ready, tunnel: await openTunnel(proxy, targetOf(ready), Number(connectTimeout), signal) };
}
