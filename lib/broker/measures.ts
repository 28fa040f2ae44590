/** What the main thread is told of a broker: its counters, and its round trips. */

import type { BrokerMeasures } from '../protocol/requests.ts';
import type { Heartbeat } from './connection/heartbeat.ts';
import type { RoundTrips } from './outgoing/round-trips.ts';

type Counters = Readonly<Record<string, number>>;

/**
 * @param ingress counters of the messages received
 * @param ignored messages that the configuration leaves out, by reason
 * @param outgoing with the counters of the messages published
 * @param events with its count of event connections that carried nothing
 */
export function measuresOf(
  ingress: Counters,
  ignored: Counters,
  {
    counters: sent,
    roundTrips,
    waitedForRate,
  }: { readonly counters: Counters; readonly roundTrips: RoundTrips; readonly waitedForRate: number },
  heartbeat: Pick<Heartbeat, 'measures' | 'silences'>,
  events: { readonly silences: number },
): BrokerMeasures {
  const {
    received = 0,
    ignored_control_topic = 0,
    ignored_late_replay = 0,
    ignored_event_topic = 0,
    held_back = 0,
  } = ingress;
  const {
    published = 0,
    published_own = 0,
    refused_by_broker = 0,
    refused_by_topic = 0,
    refused_too_large = 0,
    refused_malformed = 0,
  } = sent;
  const refused = Object.entries(ingress).filter(([name]) => name.startsWith('refused_'));
  return {
    counts: {
      received: received - ignored_control_topic - ignored_late_replay - ignored_event_topic,
      // A publication that is refused without being sent is completed later.
      published: Math.max(
        0,
        published -
          published_own -
          refused_by_broker -
          refused_by_topic -
          refused_too_large -
          refused_malformed,
      ),
      dropped: {
        ...Object.fromEntries(refused.map(([name, count]) => [name.slice('refused_'.length), count])),
        publish_refused: refused_by_broker + refused_by_topic,
        publish_too_large: refused_too_large,
        publish_malformed: refused_malformed,
      },
      ignored: { ...ignored },
      heldBack: { ingress: held_back },
      waitedForRate,
      roundTrips: roundTrips.histogram.counts,
      silences: heartbeat.silences + events.silences,
    },
    roundTrip: roundTrips.median,
    heartbeat: heartbeat.measures,
  };
}
