/**
 * What a connection needs before it is opened: its secrets, a signature, and the way through a proxy. The modules for signatures
 * and proxies are loaded if a broker needs them, because the thread of each broker would keep a copy of them.
 */

import { hasSecrets, withSecrets } from '../credentials/secrets.ts';
import { targetOf } from '../network/target.ts';
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
  const options = await signed(settings.url, secrets, signal);
  const ready = withKeptSession({ ...settings, options });
  const { proxy, connectTimeout = CONNECT_TIMEOUT_MS } = options;
  if (typeof proxy !== 'string') return ready;
  const { openTunnel } = await import('../network/tunnel.ts');
  return { ...ready, tunnel: await openTunnel(proxy, targetOf(ready), Number(connectTimeout), signal) };
}

async function signed(
  url: string,
  options: ConnectionOptions['options'],
  signal?: AbortSignal,
): Promise<ConnectionOptions['options']> {
  if (options['awsSigV4'] === undefined) return options;
  const { withAwsSignature } = await import('../credentials/aws-signature.ts');
  return withAwsSignature(url, options, signal);
}
