/** What is counted as published is what the broker accepted of the clients' messages, and never less than nothing. */

import { expect } from 'chai';
import { measuresOf } from '../../lib/broker/measures.ts';
import { countCompleted, outboxCounters } from '../../lib/broker/outgoing/outbox-counters.ts';
import { RoundTrips } from '../../lib/broker/outgoing/round-trips.ts';

const NO_HEARTBEAT = { measures: { latency: null, cameBackAt: null, paths: {} }, silences: 0 };

const REFUSED = { reason: 'not authorized', scope: 'right', isLogged: false } as const;

describe('The measures of a broker', () => {
  const countsOf = (counters: ReturnType<typeof outboxCounters>) =>
    measuresOf({}, {}, { counters, roundTrips: new RoundTrips(), waitedForRate: 0 }, NO_HEARTBEAT, {
      silences: 0,
    }).counts;

  it('do not count a control topic of mqttrep that the broker refuses', () => {
    const counters = outboxCounters();
    countCompleted(counters, REFUSED, { isOwn: true, wasSent: true });
    expect(countsOf(counters).published).to.equal(0);
    expect(countsOf(counters).dropped).to.include({ publish_refused: 0 });
    countCompleted(counters, undefined, { isOwn: false, wasSent: true });
    countCompleted(counters, REFUSED, { isOwn: false, wasSent: true });
    expect(countsOf(counters).published).to.equal(1);
    expect(countsOf(counters).dropped).to.include({ publish_refused: 1 });
  });

  it('are not negative while a refused publication is not completed yet', () => {
    expect(countsOf({ ...outboxCounters(), refused_by_topic: 3 }).published).to.equal(0);
  });
});
