/**
 * One connection to a broker, by the newest version of MQTT that it speaks: for commands that look at it and
 * go. It bears no will, is nobody's heir, and has a client id of its own, so that a replicator that runs
 * meanwhile is not disturbed.
 */

import type { BrokerSettings } from '../../protocol/messages.ts';
import { ConnectError } from '../connection/connect-error.ts';
import { Connection, type ConnectionOptions } from '../connection/connection.ts';
import { Negotiation, type ProtocolVersion } from '../connection/negotiation.ts';
import { SubscribeLimit } from '../connection/subscribe-limit.ts';

/** A visitor brings its client id along. */
export type VisitSettings = BrokerSettings & { readonly clientId: string };

export interface Reached {
  readonly connection: Connection;
  /** With which another connection like it can be opened. */
  readonly options: ConnectionOptions;
}

/** @throws ConnectError when the broker cannot be reached, refuses, or the signal says to give up */
export async function reach(settings: VisitSettings, signal: AbortSignal): Promise<Reached> {
  const { url, clientId, maxQos, bounds } = settings;
  const largestPayload = bounds.payload;
  const { will: _will, ...options } = settings.options;
  const subscribeLimit = new SubscribeLimit();
  const negotiation = new Negotiation(options['protocolVersion'] as ProtocolVersion | undefined);
  for (;;) {
    const protocolVersion = negotiation.version;
    const common = { url, clientId, protocolVersion, maxQos, largestPayload, subscribeLimit };
    const chosen: ConnectionOptions = { ...common, options: { ...options, clean: true } };
    try {
      return { connection: await Connection.open(chosen, signal), options: chosen };
    } catch (error) {
      if (!(error instanceof ConnectError) || signal.aborted || !negotiation.failed(error)) throw error;
    }
  }
}
