/** Which events of a connection are done, and through which all are. */

import { expect } from 'chai';
import { EventsInFlight } from '../../../lib/broker/events/events-in-flight.ts';

describe('Events in flight', () => {
  let events: EventsInFlight;

  beforeEach(() => {
    events = new EventsInFlight();
  });

  function publish(seq: number, id: number): number {
    const place = events.add(seq);
    events.identify(place, id);
    return place;
  }

  it('are done through the last one before which all are', () => {
    for (const seq of [10, 20, 30]) publish(seq, seq + 1);
    expect(events.done(events.placeOf(21))).to.equal(0);
    expect(events.delivered).to.equal(0);
    expect(events.unfinished).to.deep.equal({ first: 10, last: 30 });
    expect(events.done(events.placeOf(31))).to.equal(0);
    expect(events.unfinished).to.deep.equal({ first: 10, last: 10 });
    expect(events.done(events.placeOf(11))).to.equal(3);
    expect(events.delivered).to.equal(30);
    expect(events.unfinished).to.equal(undefined);
  });

  it('keep their places while thousands pass', () => {
    const [first] = [publish(1, 1)];
    for (let seq = 2; !events.isFull; seq++) events.done(publish(seq, 2));
    expect(events.seqAt(first)).to.equal(1);
    expect(events.done(first)).to.equal(2_048);
    expect(events.isFull).to.equal(false);
    for (let seq = 5_000; seq < 15_000; seq++) {
      publish(seq, seq);
      expect(events.done(events.placeOf(seq))).to.equal(1);
    }
    expect(events.delivered).to.equal(14_999);
  });

  it('have no packet identifier that is not theirs', () => {
    publish(1, 5);
    expect(() => events.placeOf(6)).to.throw(RangeError, 'no event has the packet identifier 6');
  });
});
