/** What an outbox is made of. */

import type { PublishResults } from '../../protocol/messages.ts';
import type { Stamps } from '../../protocol/stamps.ts';
import type { Connection } from '../connection/connection.ts';
import type { Limits } from '../connection/limits.ts';
import type { Pace } from '../connection/pace.ts';
import type { Hangups } from './hangups.ts';
import type { QuarantinePublisher } from './quarantine-publisher.ts';
import type { RoundTrips } from './round-trips.ts';

export interface OutboxDeps {
  readonly connection: Pick<
    Connection,
    'publish' | 'unsubscribe' | 'protocolVersion' | 'hasEnded' | 'isWriting'
  >;
  readonly stamps: Pick<Stamps, 'sender'>;
  /** The beginning of mqttrep's own topics. */
  readonly controlPrefix: string;
  readonly limits: Pick<Limits, 'maxQos' | 'retains' | 'receiveMaximum' | 'maximumPacketSize'> & {
    /** False if the broker keeps a retained message although an empty one follows; it does not unless given. */
    readonly acceptsDeletions?: boolean;
  };
  readonly hangups: Pick<Hangups, 'acknowledged' | 'routeOf' | 'refusalOf' | 'sizeLimit' | 'accepted'>;
  /** Publishes topics in quarantine. */
  readonly quarantinePublisher: Pick<QuarantinePublisher, 'accepts' | 'take'>;
  readonly report: (results: PublishResults) => void;
  /** The broker does not acknowledge these topics, and will not on this connection. */
  readonly overdue: (topics: readonly string[]) => void;
  readonly roundTrips: RoundTrips;
  /** Undefined without a limit of the rate. */
  readonly pace?: Pick<Pace, 'mayPublish' | 'forget'> | undefined;
}
