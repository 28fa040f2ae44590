/** Converts between messages of a simulated broker and what a worker exchanges with the reconciler. */

import type { RawFound } from '../../lib/protocol/messages.ts';
import type { RawObservation } from '../../lib/protocol/observation.ts';
import { packProperties } from '../../lib/protocol/properties.ts';
import type { RawPublication } from '../../lib/protocol/publication.ts';
import { sentProperties } from './odd-properties.ts';
import { provenanceOf, type SimBroker, type SimMessage, simStamp } from './sim-broker.ts';

/** A message is delivered live or as part of a replay. */
export type Delivery = 'live' | 'replay';

/** @param replica the replicator that receives it; @param isReplaying the broker has not shown all that it retains */
export function observationOf(
  { mqtt5, liveFlag }: SimBroker,
  message: SimMessage,
  delivery: Delivery,
  { replica, isReplaying }: { readonly replica: string; readonly isReplaying: boolean },
): RawObservation {
  const { topic, payload, retain, properties } = message;
  const isReplay = delivery === 'replay';
  return {
    topic,
    payload: Buffer.from(payload),
    properties: mqtt5 ? packProperties(properties) : undefined,
    retained: liveFlag === 'as published' ? retain : isReplay || undefined,
    replay: mqtt5 ? isReplaying : isReplay,
    ...provenanceOf(message, replica),
    expiry: Number.POSITIVE_INFINITY,
  };
}

/** What a probe finds under a topic. */
export function foundAt(broker: SimBroker, topic: string, replica: string): RawFound | 'absent' {
  const { retained, mqtt5, liveFlag } = broker;
  const message = retained.get(topic);
  if (message === undefined || !broker.isReadable(topic)) return 'absent';
  return {
    payload: message.payload,
    properties: mqtt5 ? packProperties(message.properties) : undefined,
    stamp: liveFlag === 'dropped' ? undefined : provenanceOf(message, replica).stamp,
    expiry: Number.POSITIVE_INFINITY,
  };
}

/** The message that the broker stores for a publication. */
export function messageOf(
  { mqtt5 }: SimBroker,
  { topic, payload, version, retain, properties }: RawPublication,
  sender: string,
): SimMessage {
  const message = { topic, payload: payload.toString(), retain };
  if (!mqtt5) return { ...message, stamp: undefined };
  return {
    ...message,
    stamp: simStamp(message, version, sender),
    properties: sentProperties(topic, properties),
  };
}
