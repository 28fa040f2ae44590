/** What a destination needs of the event actor around it. */

import type { Log } from '../protocol/messages.ts';
import type { Deliveries } from './deliveries.ts';
import type { EventClock } from './event-clock.ts';
import type { EventCounters } from './event-counters.ts';
import type { EventPolicies } from './event-policies.ts';
import type { EventTail } from './event-tail.ts';
import type { BrokerLedger } from './ledger/broker-ledger.ts';
import type { EventRecord } from './ledger/event-record.ts';
import type { EventLog } from './log/event-log.ts';
import type { Damage } from './log/log-reader.ts';

export interface DestinationParts {
  readonly broker: number;
  /** The name of the log in stamps. */
  readonly node: string;
  readonly log: EventLog;
  readonly tail: EventTail;
  readonly clock: EventClock;
  readonly counters: EventCounters;
  readonly deliveries: Deliveries;
  readonly firstNonce: number;
  readonly say: Log;
  readonly names: () => readonly string[];
  readonly policies: () => EventPolicies;
  /** The ledger of this broker: another object once the broker was forgotten. */
  readonly ledgerOf: () => BrokerLedger;
  readonly topicOf: (seq: number) => string | undefined;
  readonly append: (record: EventRecord) => void;
  /** The PUBACK of this message may be written after the next commit. */
  readonly release: (ordinal: number) => void;
  /** Asks for a commit. */
  readonly kick: () => void;
  /** Asks for a commit that may come a moment later. */
  readonly kickSoon: () => void;
  readonly damaged: (damage: Damage) => void;
  readonly failed: (error: Error) => void;
}
