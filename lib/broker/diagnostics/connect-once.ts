/**
 * One connection to a broker, by the newest version of MQTT that it speaks: for commands that look at it and
 * go. It has a client id of its own, so that a replicator that runs meanwhile is not disturbed.
 *
 * It falls back as a replicator does. Where it bears a will, the broker may not take it: then CONNECT bears less of it.
 */

import type { BrokerSettings } from '../../protocol/messages.ts';
import { BrokerCapabilities } from '../capabilities/known-capabilities.ts';
import { ConnectError } from '../connection/connect-error.ts';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import { Negotiation, type ProtocolVersion } from '../connection/negotiation.ts';
import { SubscribeLimit } from '../capabilities/subscribe-limit.ts';
import type { Will } from '../presence.ts';

/** A visitor brings its client id along. */
export type DiagnosticsSettings = BrokerSettings & { readonly clientId: string };

export interface ConnectedOnce {
  readonly connection: Connection;
  /** With which another connection like it can be opened. */
  readonly options: ConnectionOptions;
}

/**
 * @param will that CONNECT bears as far as the broker takes it; none unless given
 * @throws ConnectError when the broker cannot be reached, refuses, or the signal says to give up
 */
export async function connectOnce(
  settings: DiagnosticsSettings,
  signal: AbortSignal,
  will?: Will,
): Promise<ConnectedOnce> {
  const { options } = settings;
  const shared = { ...commonOf(settings), subscribeLimit: new SubscribeLimit() };
  const negotiation = new Negotiation(options['protocolVersion'] as ProtocolVersion | undefined);
  const concessions = new BrokerCapabilities();
  let last: unknown;
  for (;;) {
    const borne = will === undefined ? undefined : concessions.supportedWill(will, settings.maxQos);
    const chosen: ConnectionOptions = {
      ...shared,
      protocolVersion: negotiation.version,
      options: { ...shared.options, ...(borne !== undefined && { will: borne }) },
    };
    try {
      return { connection: await Connection.open(chosen, signal), options: chosen };
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      // What was given up says less than what the broker did before.
      if (signal.aborted) throw last ?? error;
      last = error;
      const isOtherWorthIt = concessions.connectFailed(error, borne?.qos) || negotiation.failed(error);
      // A broker that hangs up gives no reason. It may be the will, as long as there is one.
      const mayBeTheWill = error.code === undefined && error.wasConnected && borne !== undefined;
      if (!isOtherWorthIt && !mayBeTheWill) throw error;
    }
  }
}

function commonOf(settings: DiagnosticsSettings): Omit<ConnectionOptions, 'protocolVersion'> {
  const { url, clientId, maxQos, bounds } = settings;
  const { will: _will, ...options } = settings.options;
  return { url, clientId, maxQos, largestPayload: bounds.payload, options: { ...options, clean: true } };
}
