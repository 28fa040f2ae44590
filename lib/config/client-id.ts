/**
 * The client id with which MQTT.js connects. MQTT.js prefers the query of the url, and the option `query`, to the option
 * `clientId`. The result is written into the options, so that no other module has to know this order.
 */

import { clientIdOfUrl } from './broker-url.ts';
import type { ConnectionOptions } from './config.ts';
import type { Entry } from './environment.ts';
import type { Problems } from './problems.ts';

/** The options with the client id that MQTT.js will use, if one is configured. */
export function withClientId(
  client: Entry,
  url: string,
  options: ConnectionOptions,
  problems: Problems,
): ConnectionOptions {
  const fromQuery = 'query' in options ? clientIdOfQuery(options.query) : clientIdOfUrl(url);
  const clientId = fromQuery ?? options.clientId;
  if (options.clientId !== undefined && options.clientId !== clientId) {
    problems.warn(client.variable, {
      problem: 'the `clientId` in the query of the url replaces the option `clientId`',
      fix: 'keep one of the two',
    });
  }
  if (options.clean === false && clientId === undefined) {
    problems.warn(client.variable, {
      problem: '`clean` is false without a `clientId`, so each start leaves a session behind on the broker',
      fix: 'configure a `clientId`, or remove `clean`',
    });
  }
  return clientId === undefined ? options : { ...options, clientId };
}

function clientIdOfQuery(query: unknown): string | undefined {
  if (typeof query !== 'object' || query === null || !('clientId' in query)) return undefined;
  return typeof query.clientId === 'string' && query.clientId !== '' ? query.clientId : undefined;
}
