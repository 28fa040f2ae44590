/** What an outbox counts: how the limits of the broker changed what was published. */

import type { RawPublication } from '../../protocol/publication.ts';
import type { PublishFailure } from './hangups.ts';
import type { OutgoingPacket } from './outgoing-packet.ts';

export type OutboxCounters = Record<
  | 'published'
  | 'published_own'
  | 'lowered_qos'
  | 'published_unretained'
  | 'refused_by_broker'
  | 'refused_by_topic'
  | 'refused_too_large'
  | 'refused_malformed'
  | 'quarantined',
  number
>;

export function outboxCounters(): OutboxCounters {
  return {
    published: 0,
    published_own: 0,
    lowered_qos: 0,
    published_unretained: 0,
    refused_by_broker: 0,
    refused_by_topic: 0,
    refused_too_large: 0,
    refused_malformed: 0,
    quarantined: 0,
  };
}

/** A publication goes out, changed as the limits require. */
export function countSent(
  counters: OutboxCounters,
  publication: RawPublication,
  { qos, retain }: OutgoingPacket,
): void {
  if (qos < publication.qos) counters.lowered_qos++;
  if (retain !== publication.retain) counters.published_unretained++;
}

/** Quarantine has completed a publication. */
export function countQuarantined(counters: OutboxCounters, failure: PublishFailure | undefined): void {
  counters.published++;
  if (failure === undefined) return;
  if (failure.scope !== 'value') counters.refused_by_broker++;
  else counters.refused_too_large++;
}

/**
 * A publication is completed. One that was not sent was counted when it was refused. Control topics are no messages of
 * clients: they count neither as published nor as refused.
 */
export function countCompleted(
  counters: OutboxCounters,
  failure: PublishFailure | undefined,
  { isOwn, wasSent }: { readonly isOwn: boolean; readonly wasSent: boolean },
): void {
  counters.published++;
  if (isOwn) counters.published_own++;
  else if (wasSent && failure !== undefined && failure.scope !== 'value') counters.refused_by_broker++;
}
