/** What a broker granted against what was asked for. */

import type { QoS } from '../../core/policy.ts';
import type { Subscription } from '../../core/subscriptions.ts';
import type { Connection } from './connection.ts';
import type { Grant } from './filter-requests.ts';

/** The filters with a lower QoS than was wanted, and with which. */
export function grantedLess(
  wanted: readonly Subscription[],
  grants: readonly Grant[],
): readonly Subscription[] {
  return grants.flatMap(({ filter, code }) => {
    const qos = wanted.find(subscription => subscription.filter === filter)?.qos ?? 0;
    return code < qos ? [{ filter, qos: code as QoS }] : [];
  });
}

/**
 * The QoS that a broker grants in place of a higher one; undefined where it grants that, or refuses. Over MQTT 3.1.1 nothing
 * else tells what may be published: some hang up on more, and Mosca never acknowledges QoS 2.
 * @param topic a control topic that nobody else uses
 * @param qos no higher than is subscribed to anyway: AWS IoT Core does not answer where QoS 2 is asked for
 * @throws when the connection ends meanwhile
 */
export async function grantedInPlaceOf(
  qos: QoS,
  connection: Connection,
  topic: string,
): Promise<QoS | undefined> {
  const options = { qos, replay: false, retainAsPublished: false } as const;
  const grants = await connection.subscribe([topic], options);
  // Its answer is waited for by the next SUBSCRIBE.
  void connection.unsubscribe([topic]);
  return grantedLess([{ filter: topic, qos }], grants)[0]?.qos;
}
