/**
 * Which QoS a broker grants in place of the wanted one. Over MQTT 3.1.1 nothing else tells with which QoS mqttrep may publish:
 * some brokers hang up on a higher one, and Mosca never acknowledges QoS 2.
 */

import type { QoS } from '../../core/policy.ts';
import type { Connection } from '../connection/connection.ts';
import { grantedLess } from '../connection/grants.ts';

/**
 * Resolves with the lower QoS that the broker grants; undefined where it grants the wanted one, or refuses.
 * @param topic a control topic that nobody else uses
 * @param qos no higher than that of a real subscription: AWS IoT Core does not answer a SUBSCRIBE with QoS 2
 * @throws when the connection ends meanwhile
 */
export async function grantedInPlaceOf(
  qos: QoS,
  connection: Connection,
  topic: string,
): Promise<QoS | undefined> {
  const grants = await connection.subscribe([topic], { qos, replay: false, retainAsPublished: false });
  // The next SUBSCRIBE waits for its answer.
  void connection.unsubscribe([topic]);
  return grantedLess([{ filter: topic, qos }], grants)[0]?.qos;
}
