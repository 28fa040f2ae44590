/** What a session is made of. */

import type { RateLimits } from '../core/even-rate.ts';
import type { Subscription } from '../core/subscriptions.ts';
import type { FromBroker } from '../protocol/messages.ts';
import type { BrokerLog } from './broker-log.ts';
import type { KnownCapabilities } from './capabilities/known-capabilities.ts';
import type { SecondConnection } from './capabilities/second-connection.ts';
import type { SentinelVisibility } from './capabilities/sentinel-visibility.ts';
import type { Connection } from './connection/connection.ts';
import type { Heartbeat } from './connection/heartbeat.ts';
import type { Identity } from './identity.ts';
import type { IgnoredMessages } from './incoming/ignored-messages.ts';
import type { Ingress, IngressDeps } from './incoming/ingress.ts';
import type { ProtocolVersion } from './network/negotiation.ts';
import type { Outgoing } from './outgoing/outgoing.ts';
import type { OwnMessages } from './own-messages.ts';

export interface SessionDeps {
  readonly number: number;
  readonly connection: Connection;
  readonly identity: Identity;
  /** Of connections beside the main one. */
  readonly protocolVersion: ProtocolVersion;
  readonly wanted: readonly Subscription[];
  /** The subscriptions of the session before on this connection; undefined on a new one. */
  readonly former: readonly Subscription[] | undefined;
  readonly ingress: Ingress;
  /** For the ingress of a full scan. */
  readonly inbound: Pick<IngressDeps, 'stamps' | 'controlPrefix' | 'modes' | 'bounds'>;
  readonly outgoing: Outgoing;
  readonly capabilities: KnownCapabilities;
  readonly second: SecondConnection;
  readonly sentinelVisibility: SentinelVisibility;
  readonly brokerLog: BrokerLog;
  readonly heartbeat: Heartbeat;
  readonly ownMessages: OwnMessages;
  readonly ignored: IgnoredMessages;
  /** The rate of publishes; undefined without a limit. */
  readonly rate: RateLimits | undefined;
  /** Tells the mapping rules and exclusions from others; undefined without any. */
  readonly names: string | undefined;
  /** To the reconciler. */
  readonly post: (message: FromBroker, transfer?: readonly ArrayBuffer[]) => void;
}
