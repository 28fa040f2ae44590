/** Gives the session at the broker the filters of the event topics, and takes from it those that it has no more. */

import type { Subscription } from '../../core/subscriptions.ts';
import type { EventLinkSettings } from '../../protocol/event-settings.ts';
import type { Connection } from '../connection/connection.ts';
import type { LinkLog } from './link-log.ts';

/**
 * @param subscribed the filters that the session has, as far as this process knows
 * @throws when the connection ends
 */
export async function subscribeToEvents(
  connection: Pick<Connection, 'session' | 'subscribe' | 'unsubscribe'>,
  { subscriptions, echo }: Pick<EventLinkSettings, 'subscriptions' | 'echo'>,
  subscribed: readonly Subscription[],
  log: Pick<LinkLog, 'refused'>,
): Promise<void> {
  const known = connection.session.isPresent ? subscribed : [];
  const wanted = subscriptions.filter(
    ({ filter, qos }) => !known.some(one => one.filter === filter && one.qos === qos),
  );
  const obsolete = known.filter(({ filter }) => !subscriptions.some(one => one.filter === filter));
  if (obsolete.length > 0) void connection.unsubscribe(obsolete.map(({ filter }) => filter));
  for (const qos of [0, 1] as const) {
    const filters = wanted.filter(one => one.qos === qos).map(({ filter }) => filter);
    if (filters.length === 0) continue;
    const how = { qos, replay: false, retainAsPublished: true, noLocal: !echo };
    log.refused(await connection.subscribe(filters, how));
  }
}
