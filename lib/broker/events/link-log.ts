/** The part of the broker's log that the event link writes to. */

import type { LogLevel } from '../../protocol/messages.ts';
import type { Grant } from '../connection/filter-requests.ts';

export interface LinkLog {
  write(level: LogLevel, message: string): void;
  allowsNoEvents(evidence: string, retryMinutes: number): void;
  refused(grants: readonly Grant[]): void;
}
