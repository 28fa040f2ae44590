/**
 * The names of topics at a broker that knows them by other names. All that is published, subscribed and received on a connection
 * passes here, so that no other module has to know a local name.
 */

import type { Nameless, NameMap } from '../../routes/name-map.ts';
import type { MessageHandler } from '../lane/handover.ts';
import { type ReceivedMessage, withPayload, withTopic } from '../lane/received-message.ts';

/** Gets a message whose topic has no canonical name, and why. */
export type NamelessHandler = (message: ReceivedMessage, why: Nameless) => void;

/**
 * A handler that gets messages under their canonical names. A message whose topic has none is done at once.
 * @param nameless gets such a message before
 */
export function underCanonicalNames(
  handler: MessageHandler,
  names: NameMap | undefined,
  nameless: NamelessHandler = () => undefined,
): MessageHandler {
  if (names === undefined) return handler;
  return (packet, done) => {
    const topic = names.toCanonical(packet.topic);
    if (topic === undefined) {
      nameless(packet, names.whyNameless(packet.topic));
      return done();
    }
    const payload = names.payloadToCanonical(topic, () => packet.payload);
    const renamed = withTopic(packet, topic);
    handler(payload === undefined ? renamed : withPayload(renamed, payload), done);
  };
}

/** The filters of a SUBSCRIBE or UNSUBSCRIBE as the broker gets them, and whose they are. */
export interface LocalFilters {
  readonly local: readonly string[];
  /** For each canonical filter the numbers of its local ones; none if no topic of it can exist at the broker. */
  readonly places: readonly (readonly number[])[];
}

/** @param filters canonical; their order is kept */
export function localFilters(filters: readonly string[], names: NameMap | undefined): LocalFilters {
  if (names === undefined) return { local: filters, places: filters.map((_, place) => [place]) };
  const known = new Map<string, number>();
  const places = filters.map(filter =>
    names.toLocalFilters([filter]).map(local => {
      const place = known.get(local) ?? known.size;
      known.set(local, place);
      return place;
    }),
  );
  return { local: [...known.keys()], places };
}

/** The answer to a canonical filter: the worst of those to its local ones. */
export function worstCode(codes: readonly number[], places: readonly number[], refused: number): number {
  const own = places.map(place => codes[place] ?? refused);
  return own.find(code => code >= refused) ?? (own.length === 0 ? refused : Math.min(...own));
}
