/** Packets of events as they were written, and as a broker delivers them back. */

import { EventPacket, type Stamp } from '../../../lib/broker/events/event-packet.ts';
import { PacketWriter } from '../../../lib/broker/lane/packet-writer.ts';
import { decodePublish } from '../../../lib/broker/lane/publish-decoder.ts';
import { DecodedMessage } from '../../../lib/broker/lane/received-message.ts';
import { TopicAliases } from '../../../lib/broker/lane/topic-aliases.ts';
import { BatchWriter } from '../../../lib/protocol/batch.ts';
import { type Delivery, NO_PATH, writeDelivery } from '../../../lib/protocol/event-records.ts';
import { PackedDelivery } from '../../../lib/protocol/packed-delivery.ts';

export function deliveryOf(fields: Partial<Delivery> = {}): Delivery {
  return {
    seq: 1,
    topic: 'lamps/1/set',
    payload: Buffer.from('TOGGLE'),
    properties: '',
    retain: false,
    qos: 1,
    expiresAt: Number.POSITIVE_INFINITY,
    origin: '',
    path: NO_PATH,
    ...fields,
  };
}

export function packed(...deliveries: readonly Delivery[]): ArrayBuffer {
  const writer = new BatchWriter();
  for (const delivery of deliveries) writeDelivery(writer, delivery);
  return writer.take();
}

/** Writes the packet of an event. The object describes it until the next one is written. */
export class PacketFixture {
  readonly packet = new EventPacket();
  readonly #writer = new PacketWriter();

  write(
    fields: Partial<Delivery>,
    { stamp, expiry, id = 1 }: { stamp?: Stamp; expiry?: number; id?: number } = {},
  ): Buffer {
    const delivery = new PackedDelivery(packed(deliveryOf(fields)));
    delivery.next();
    this.packet.set(delivery, stamp, expiry, delivery.retain);
    this.#writer.encoded(this.packet, id);
    return Buffer.concat(this.#writer.take());
  }
}

/** What the lane makes of a packet of MQTT 5, which the broker sends with a packet identifier of its own. */
export function delivered(bytes: Buffer): DecodedMessage {
  const message = decodePublish(bytes, 0, bytes.length, true, new TopicAliases(0));
  if (message instanceof DecodedMessage) return message;
  throw new Error(message);
}
