/** The events of a batch, as objects that stay. */

import type { Delivery } from '../../lib/protocol/event-records.ts';
import { PackedDelivery } from '../../lib/protocol/packed-delivery.ts';

export function deliveriesOf(batch: ArrayBuffer): Delivery[] {
  const deliveries: Delivery[] = [];
  const packed = new PackedDelivery(batch);
  while (packed.next()) {
    const { seq, topic, payload, properties, retain, qos, expiresAt, origin, path } = packed;
    deliveries.push({ seq, topic, payload, properties, retain, qos, expiresAt, origin, path });
  }
  return deliveries;
}
