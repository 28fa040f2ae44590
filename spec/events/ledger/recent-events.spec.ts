/** What a broker delivered lately: redeliveries, and whether a client wrote the same before. */

import { expect } from 'chai';
import { RECENT_EVENTS, RecentEvents } from '../../../lib/events/ledger/recent-events.ts';
import { BatchReader, BatchWriter } from '../../../lib/protocol/batch.ts';
import { EVENT_WINDOW } from '../../../lib/protocol/event-messages.ts';

describe('Recent events', () => {
  let recent: RecentEvents;
  beforeEach(() => {
    recent = new RecentEvents();
  });

  it('know a redelivery by packet id and content together', () => {
    recent.add(100, 1, false);
    recent.add(200, 2, false);
    expect(recent.isRedelivery(1, 100)).to.equal(true);
    expect(recent.isRedelivery(2, 100), 'another id').to.equal(false);
    expect(recent.isRedelivery(1, 300), 'other content').to.equal(false);
    expect(recent.isRedelivery(3, 100), 'an id that was never used').to.equal(false);
  });

  it('know a redelivered echo as well', () => {
    recent.add(100, 1, true);
    expect(recent.isRedelivery(1, 100)).to.equal(true);
    expect(recent.wasDelivered(100)).to.equal(true);
    expect(recent.wasDelivered(200)).to.equal(false);
  });

  it('compare with the newest message that had the packet id', () => {
    recent.add(100, 1, false);
    recent.add(200, 1, false);
    expect(recent.isRedelivery(1, 100)).to.equal(false);
  });

  it('take packet ids that begin again at 1 after the last one for ascending', () => {
    for (const id of [65_533, 65_534, 65_535, 1, 2]) recent.add(7, id, false);
    expect(recent.isRedelivery(2, 7), 'though the content repeats').to.equal(true);
  });

  describe('where the broker uses the lowest free packet id again', () => {
    beforeEach(() => {
      recent.add(1, 2, false);
      recent.add(100, 1, false);
    });

    it('know a redelivery if the content occurs once', () => {
      expect(recent.isRedelivery(1, 100)).to.equal(true);
    });

    it('know none if the content occurs more often: it may be a new message', () => {
      recent.add(100, 3, false);
      expect(recent.isRedelivery(1, 100)).to.equal(false);
    });

    it('know none if more messages came since than can be unacknowledged', () => {
      for (let number = 1; number < EVENT_WINDOW; number++) recent.add(1_000 + number, 5, false);
      expect(recent.isRedelivery(1, 100), 'the oldest of the window').to.equal(true);
      recent.add(9_999, 5, false);
      expect(recent.isRedelivery(1, 100)).to.equal(false);
    });

    it('know a redelivery for certain if our PUBACK was never written', () => {
      recent.add(100, 3, false);
      recent.neverAcknowledged(1, 100);
      expect(recent.isRedelivery(1, 100)).to.equal(true);
      recent.add(500, 1, false);
      expect(recent.isRedelivery(1, 100), 'once the id has another message').to.equal(false);
    });
  });

  it('void the packet ids of a session that is over, and remember the contents', () => {
    recent.add(100, 5, false);
    recent.add(100, 2, false);
    recent.voidPacketIds();
    expect(recent.isRedelivery(2, 100)).to.equal(false);
    expect(recent.wasDelivered(100)).to.equal(true);
    recent.add(300, 1, false);
    expect(recent.isRedelivery(1, 300), 'ids ascend again').to.equal(true);
  });

  it('forget the oldest beyond their number', () => {
    recent.add(1, 1, false);
    for (let number = 0; number < RECENT_EVENTS - 1; number++) recent.add(2, 2, false);
    expect(recent.wasDelivered(1)).to.equal(true);
    expect(recent.isRedelivery(1, 1), 'ids do not ascend, and it is too old').to.equal(false);
    recent.add(2, 2, false);
    expect(recent.wasDelivered(1)).to.equal(false);
  });

  it('are the same after they were packed', () => {
    for (let number = 1; number < RECENT_EVENTS + 50; number++)
      recent.add(number % 40, number, number % 3 === 0);
    const writer = new BatchWriter();
    recent.write(writer);
    const packed = writer.take();
    const again = RecentEvents.read(new BatchReader(packed));
    again.write(writer);
    expect(Buffer.from(writer.take()).equals(Buffer.from(packed))).to.equal(true);
    expect(again.isRedelivery(RECENT_EVENTS, RECENT_EVENTS % 40)).to.equal(true);
    expect(again.isRedelivery(10, 10), 'forgotten before').to.equal(false);
  });
});
