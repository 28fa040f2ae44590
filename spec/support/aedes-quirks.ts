/** Has Aedes deliver and subscribe as some other makes do. */

import type { Aedes } from 'aedes';
import { matches } from '../../lib/core/filter.ts';

/** A forwarded message has the retain flag only in a replay. */
export function withoutFlag<P extends { readonly topic: string; retain: boolean }>(
  client: unknown,
  packet: P,
): P {
  const { subscriptions } = client as { subscriptions: Record<string, { readonly qos: number }> };
  const isHidden = Object.entries(subscriptions).some(
    ([filter, { qos }]) => qos > 0 && matches(filter, packet.topic),
  );
  if (isHidden) packet.retain = false;
  return packet;
}

export function withoutAnyFlag<P extends { retain: boolean }>(_client: unknown, packet: P): P {
  packet.retain = false;
  return packet;
}

type Delivery = Parameters<Aedes['subscribe']>[1];

/** Aedes waits for the end of an UNSUBSCRIBE, but not when it replaces a subscription. */
export function keepSubscriptions(aedes: Aedes): void {
  const subscribe = aedes.subscribe.bind(aedes);
  const unsubscribe = aedes.unsubscribe.bind(aedes);
  const deliveries = new Map<Delivery, Delivery>();
  aedes.subscribe = (topic, deliver, done) => {
    const suffix = `+${deliveries.size}`;
    // By this id Aedes avoids to deliver a message twice to a client with two subscriptions.
    const again: Delivery = (packet, next) =>
      deliver({ ...packet, brokerId: `${packet.brokerId}${suffix}` }, next);
    deliveries.set(deliver, again);
    subscribe(topic, again, done);
  };
  aedes.unsubscribe = (topic, deliver, done) => {
    if (typeof done === 'function') unsubscribe(topic, deliveries.get(deliver) ?? deliver, done);
  };
}

export function greet(aedes: Aedes, topic: string): void {
  const packet = { cmd: 'publish', topic, payload: 'unasked', qos: 0, retain: true, dup: false } as const;
  aedes.on('clientReady', client => client.publish(packet, () => undefined));
}
