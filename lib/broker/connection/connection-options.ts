/** The options of a connection. */

import type { Socket } from 'node:net';
import type { NameMap } from '../../routes/name-map.ts';
import type { ProtocolVersion } from '../network/negotiation.ts';
import type { FilterLimit } from './filter-limit.ts';
import type { ConfiguredLimits } from './limits.ts';
import type { Pace } from './pace.ts';

export interface ConnectionOptions extends ConfiguredLimits {
  readonly url: string;
  /** For MQTT.js; what mqttrep must decide itself is overwritten. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  /** Bytes of payload. In place of a larger message a stand-in arrives (stand-in.ts). */
  readonly largestPayload: number;
  /** Publishes of QoS 1 and 2 in flight at once, if the broker accepts as many; without a limit of our own unless given. */
  readonly publishWindow?: number;
  /** What is known of the broker, over all connections to it; nothing unless given. */
  readonly subscribeLimit?: FilterLimit;
  /** The names of topics at this broker; undefined if they are the same as everywhere. */
  readonly names?: NameMap | undefined;
  /** Counts what is published; undefined without a limit of the rate. */
  readonly pace?: Pick<Pace, 'published' | 'turn'> | undefined;
  /** The connection through a proxy. */
  readonly tunnel?: Socket;
  /** Whether it goes on with the session of the connection before, if the broker kept it; it does not unless given. */
  readonly resumesSession?: boolean;
  /** Whether the bytes that have just arrived are to be read. */
  readonly isCurrent?: () => boolean;
}
