/**
 * If a reconnect renews the token of a connection, the broker keeps the session for a short time: then what clients publish
 * meanwhile arrives (QoS 1 and 2, MQTT 5). Other reconnects begin without a session.
 */

import { isRereadable, secretIn } from '../credentials/secrets.ts';
import { tokenIn } from '../credentials/token.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** Longer than any renewal takes. A broker that mqttrep does not come back to queues messages for that time. */
const KEPT_SECONDS = 60;

/** The options unchanged if the user or the caller has chosen a session. */
export function withKeptSession(settings: ConnectionOptions): ConnectionOptions {
  const { options, protocolVersion, resumesSession = false } = settings;
  const properties = options['properties'] as Readonly<Record<string, unknown>> | undefined;
  if (protocolVersion !== 5 || 'clean' in options || !isRereadable(options)) return settings;
  if (properties?.['sessionExpiryInterval'] !== undefined) return settings;
  if (tokenIn(secretIn(options) ?? '') === undefined) return settings;
  return {
    ...settings,
    options: {
      ...options,
      clean: !resumesSession,
      properties: { ...properties, sessionExpiryInterval: KEPT_SECONDS },
    },
  };
}
