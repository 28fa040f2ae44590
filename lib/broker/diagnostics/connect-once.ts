/**
 * One connection to a broker, by the newest version of MQTT that it supports, for commands. It has its own client id, so that
 * it does not disturb a running replicator.
 *
 * It falls back to an earlier version as a replicator does. If the broker does not accept its will, CONNECT has less of it.
 */

import type { BrokerSettings } from '../../protocol/settings.ts';
import { NameMap } from '../../routes/name-map.ts';
import { KnownCapabilities } from '../capabilities/known-capabilities.ts';
import { SubscribeLimit } from '../capabilities/subscribe-limit.ts';
import { supportedWill } from '../capabilities/will-test.ts';
import { Connection } from '../connection/connection.ts';
import type { ConnectionOptions } from '../connection/connection-options.ts';
import { Pace } from '../connection/pace.ts';
import type { Will } from '../connection/will.ts';
import { connectAdvice } from '../network/connect-advice.ts';
import { ConnectError } from '../network/connect-error.ts';
import { Negotiation, type ProtocolVersion } from '../network/negotiation.ts';

export type DiagnosticsSettings = BrokerSettings & { readonly clientId: string };

export interface ConnectedOnce {
  readonly connection: Connection;
  /** Opens another connection like this one. */
  readonly options: ConnectionOptions;
}

/**
 * @param will for CONNECT, as far as the broker accepts it
 * @throws ConnectError when the broker cannot be reached, refuses, or the signal is aborted; its message says how to fix it
 */
export async function connectOnce(
  settings: DiagnosticsSettings,
  signal: AbortSignal,
  will?: Will,
): Promise<ConnectedOnce> {
  const { url, otherUrls = [] } = settings;
  let first: unknown;
  for (const address of [url, ...otherUrls]) {
    try {
      return await connectAdvised({ ...settings, url: address }, signal, will);
    } catch (error) {
      first ??= error;
      if (signal.aborted) break;
    }
  }
  throw first;
}

async function connectAdvised(
  settings: DiagnosticsSettings,
  signal: AbortSignal,
  will: Will | undefined,
): Promise<ConnectedOnce> {
  try {
    return await connect(settings, signal, will);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const advice = await connectAdvice(error, settings);
    if (advice === undefined) throw error;
    throw new ConnectError(`${error.message}; ${advice}`, error, error.networkCode);
  }
}

async function connect(
  settings: DiagnosticsSettings,
  signal: AbortSignal,
  will: Will | undefined,
): Promise<ConnectedOnce> {
  const { options } = settings;
  const shared = {
    ...sharedOptions(settings),
    subscribeLimit: new SubscribeLimit(undefined, undefined, settings.maxFilters),
  };
  const negotiation = new Negotiation(options['protocolVersion'] as ProtocolVersion | undefined);
  const capabilities = new KnownCapabilities();
  let last: unknown;
  for (;;) {
    const supported = will && supportedWill(capabilities.current, will, settings.maxQos);
    const chosen: ConnectionOptions = {
      ...shared,
      protocolVersion: negotiation.version,
      options: { ...shared.options, ...(supported !== undefined && { will: supported }) },
    };
    try {
      return { connection: await Connection.open(chosen, signal), options: chosen };
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      // The error of an aborted attempt tells less than that of the attempt before.
      if (signal.aborted) throw last ?? error;
      last = error;
      const isRetryWorthIt =
        capabilities.will.connectFailed(error, supported?.qos) || negotiation.failed(error);
      // A broker that hangs up gives no reason. As long as there is a will, it may be the cause.
      const mayBeTheWill = error.code === undefined && error.wasConnected && supported !== undefined;
      if (!isRetryWorthIt && !mayBeTheWill) throw error;
    }
  }
}

function sharedOptions(settings: DiagnosticsSettings): Omit<ConnectionOptions, 'protocolVersion'> {
  const { url, clientId, maxQos, maxPacketSize, maxInFlight, rate, bounds, names } = settings;
  const { will: _will, ...options } = settings.options;
  return {
    url,
    clientId,
    maxQos,
    maxPacketSize,
    maxInFlight,
    largestPayload: bounds.payload,
    pace: rate && new Pace(rate),
    names: names && new NameMap(names),
    options: { ...options, clean: true },
  };
}
