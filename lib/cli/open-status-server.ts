/** The status server of `mqttrep run`, and what happens if it cannot listen at its address. */

import type { Config } from '../config/config.ts';
import type { ReadVariables } from '../config/route-of.ts';
import { packageVersion } from '../package-version.ts';
import type { Log } from '../protocol/messages.ts';
import type { Replicator } from '../supervisor/replicator.ts';

/** Ends the server; does nothing if there is none. */
export type CloseServer = () => Promise<void>;

const NOTHING: CloseServer = () => Promise.resolve();

/**
 * Opens the server, if one is configured. If mqttrep cannot listen at an address that the user chose, the result is `failed`. If
 * it cannot listen at the default address, it replicates without a status server.
 * @param variables those from which the configuration in force was read
 */
export async function openStatusServer(
  { http }: Config,
  replicator: Replicator,
  log: Log,
  variables: () => ReadVariables,
): Promise<CloseServer | 'failed'> {
  if (http === undefined) return NOTHING;
  // Imported here, so that it costs no memory if there is no server.
  const { StatusServer } = await import('../status/server.ts');
  const mergeFrequency = () => replicator.mergeFrequency;
  const server = new StatusServer({ http, replicator, version: packageVersion(), mergeFrequency, variables });
  try {
    log('info', `status page: ${await server.listen()}`);
    return () => server.close();
  } catch (error) {
    const reason = `cannot listen at ${http.host}, port ${http.port}: ${reasonOf(error as NodeJS.ErrnoException)}`;
    if (http.address === 'chosen') {
      log('error', `${reason}; mqttrep ends. Set MQTTREP_HTTP to another address, or to off`);
      return 'failed';
    }
    log(
      'warn',
      `${reason}; mqttrep goes on without a status page. Set MQTTREP_HTTP to another port, or to off`,
    );
    return NOTHING;
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process listens there';
    case 'EACCES':
      return 'permission is denied';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host';
    default:
      return message;
  }
}
