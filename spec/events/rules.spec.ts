/**
 * The parts of a destination one by one: flight, fences, the tail of the log, and the counters. docs/events.md has the rules.
 */

import { expect } from 'chai';
import { EventCounters } from '../../lib/events/event-counters.ts';
import { EventTail } from '../../lib/events/event-tail.ts';
import { Fences } from '../../lib/events/fences.ts';
import { Flight } from '../../lib/events/flight.ts';
import { event } from './log/log-fixture.ts';

describe('The flight of a destination', () => {
  it('is done up to the first event that is not finished', () => {
    const flight = new Flight();
    for (const seq of [2, 5, 7]) flight.add({ seq, bytes: 10, received: seq, isFinished: false });
    flight.finish(5);
    expect(flight.shift()).to.deep.equal({ done: { messages: 0, bytes: 0 }, first: 2 });
    flight.finish(2);
    expect(flight.shift()).to.deep.equal({ done: { messages: 2, bytes: 20 }, first: 7 });
    expect([flight.unfinished, flight.bytes, flight.oldest?.seq]).to.deep.equal([1, 10, 7]);
    expect(flight.clear()).to.deep.equal([]);
    expect([flight.unfinished, flight.bytes]).to.deep.equal([0, 0]);
  });

  it('finishes an event once', () => {
    const flight = new Flight();
    flight.add({ seq: 1, bytes: 10, received: 0, isFinished: false });
    flight.add({ seq: 2, bytes: 10, received: 0, isFinished: true });
    expect(flight.finish(1)?.seq).to.equal(1);
    expect(flight.finish(1)).to.equal(undefined);
    expect(flight.finish(2)).to.equal(undefined);
    expect(flight.clear()).to.deep.equal([1, 2]);
  });
});

describe('Fences', () => {
  it('tell what had been published before them, and make earlier ones void', () => {
    const fences = new Fences(100);
    const [first, second, third] = [fences.next(10), fences.next(20), fences.next(30)];
    expect(fences.returned(second)).to.equal(20);
    expect(fences.returned(first), 'it is late').to.equal(undefined);
    fences.clear();
    expect(fences.returned(third), 'of an earlier connection').to.equal(undefined);
    expect(fences.next(40)).to.be.above(third);
  });
});

describe('The tail', () => {
  it('has the newest events, and never lets go of one that is not durable', () => {
    const tail = new EventTail(1);
    const payload = Buffer.alloc(1_000_000);
    for (let seq = 1; seq <= 40; seq++) tail.push(event(seq, { payload }), 5);
    expect(tail.first).to.equal(6);
    expect(tail.next).to.equal(41);
    expect(tail.at(6)?.seq).to.equal(6);
    expect(tail.at(40)?.seq).to.equal(40);
    expect(tail.at(41)).to.equal(undefined);
    tail.push(event(41, { payload }), 41);
    expect(tail.first).to.be.within(33, 35);
    expect(tail.at(tail.first)?.seq).to.equal(tail.first);
  });

  it('releases what no broker takes from it any more', () => {
    const tail = new EventTail(1);
    for (let seq = 1; seq <= 3_000; seq++) tail.push(event(seq), 0);
    tail.release(2_900);
    expect([tail.first, tail.at(2_900), tail.at(2_901)?.seq]).to.deep.equal([2_901, undefined, 2_901]);
    tail.release(Number.POSITIVE_INFINITY);
    expect([tail.first, tail.next]).to.deep.equal([3_001, 3_001]);
  });
});

describe('The counters of events', () => {
  it('count what is dropped by filter and reason, and log one line a minute for each reason', () => {
    const lines: string[] = [];
    let now = 0;
    const counters = new EventCounters(
      'B',
      (_level, line) => lines.push(line),
      () => now,
    );
    counters.drop('a/#', 'full', 3, 'a/x');
    counters.drop('a/#', 'full', 2, 'a/y');
    counters.drop('b', 'full', 1, 'b');
    counters.drop('b', 'expired', 1, 'b');
    counters.drop('b', 'expired', 0, 'b');
    expect(counters.dropped).to.deep.equal([
      { filter: 'a/#', reason: 'full', count: 5 },
      { filter: 'b', reason: 'full', count: 1 },
      { filter: 'b', reason: 'expired', count: 1 },
    ]);
    expect(lines).to.deep.equal([
      'B: 3 events dropped (the queue was full), the last under a/#: a/x',
      'B: an event dropped (expired before it was delivered), the last under b: b',
    ]);
    now = 60_000;
    counters.drop('b', 'full', 1, 'b');
    expect(lines[2]).to.equal('B: 4 events dropped (the queue was full), the last under b: b');
  });
});
