/**
 * The rules of receiving, of acknowledging and of choosing recipients, one by one: docs/events.md has the same tables.
 */

import { expect } from 'chai';
import fc from 'fast-check';
import { AckGate } from '../../lib/events/ack-gate.ts';
import { EventCounters } from '../../lib/events/event-counters.ts';
import {
  DEFAULT_EXPIRY_MS,
  EventPolicies,
  hasPassed,
  recipientsOf,
} from '../../lib/events/event-policies.ts';
import { EventTail } from '../../lib/events/event-tail.ts';
import { Fences } from '../../lib/events/fences.ts';
import { Flight } from '../../lib/events/flight.ts';
import { EchoEntries } from '../../lib/events/ledger/echo-entries.ts';
import { event } from './log/log-fixture.ts';

describe('The gate of acknowledgements', () => {
  let gate: AckGate;
  const commit = (number: number) => {
    gate.commitBegan();
    gate.commitEnded(number);
  };

  beforeEach(() => {
    gate = new AckGate();
  });

  it('E1: frees a message when the commit that began after it has ended', () => {
    gate.received(1);
    gate.commitBegan();
    gate.received(2);
    expect(gate.take(), 'while the commit is in progress').to.equal(undefined);
    gate.commitEnded(1);
    expect(gate.take()).to.equal(1);
    commit(2);
    expect(gate.take()).to.equal(2);
    expect(gate.take(), 'told once').to.equal(undefined);
  });

  it('holds back all messages after one that must wait', () => {
    for (const ordinal of [1, 2, 3]) gate.received(ordinal);
    gate.hold(2);
    commit(1);
    expect(gate.take()).to.equal(1);
    gate.release(2, 2);
    expect(gate.take(), 'its effect is not durable').to.equal(undefined);
    commit(2);
    expect(gate.take()).to.equal(3);
  });

  it('frees nothing twice and nothing out of order, whatever is held and released', () => {
    const action = fc.oneof(
      fc.constant('receive' as const),
      fc.constant('hold' as const),
      fc.constant('release' as const),
      fc.constant('commit' as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), actions => {
        gate = new AckGate();
        let last = 0;
        let number = 1;
        let told = 0;
        const held = new Set<number>();
        for (const each of actions) {
          if (each === 'receive' || each === 'hold') gate.received(++last);
          if (each === 'hold') {
            gate.hold(last);
            held.add(last);
          }
          const [first] = held;
          if (each === 'release' && first !== undefined) {
            gate.release(first, number);
            held.delete(first);
          }
          if (each === 'commit') commit(number++);
          const free = gate.take();
          if (free === undefined) continue;
          expect(free).to.be.above(told).and.at.most(last);
          for (const ordinal of held) expect(ordinal).to.be.above(free);
          told = free;
        }
      }),
    );
  });
});

describe('The expected echoes without stamps', () => {
  let entries: EchoEntries;
  beforeEach(() => {
    entries = new EchoEntries();
    for (const seq of [1, 2, 3]) entries.add({ seq, hash: seq === 2 ? 20 : 10 }, false);
  });

  it('R1: match equal publishes in their order, and only what was published', () => {
    expect(entries.match(10), 'nothing was published').to.equal(undefined);
    entries.published(1);
    entries.published(3);
    expect(entries.match(10)?.seq).to.equal(1);
    entries.take(1);
    expect(entries.match(10)?.seq).to.equal(3);
    entries.take(3);
    expect(entries.match(10)).to.equal(undefined);
    expect(entries.match(99)).to.equal(undefined);
  });

  it('R2: take a provisional match back when the connection ends', () => {
    entries.published(1);
    const entry = entries.match(10);
    if (entry !== undefined) entry.provisional = 7;
    expect(entries.match(10)).to.equal(undefined);
    entries.undoProvisional();
    expect(entries.match(10)?.seq).to.equal(1);
  });

  it('R4: close what a fence has passed, and say how many echoes did not come', () => {
    for (const seq of [1, 2, 3]) entries.published(seq);
    entries.take(2);
    expect(entries.close(2)).to.equal(1);
    expect([...entries].map(({ seq }) => seq)).to.deep.equal([3]);
  });

  it('expect an echo of each copy', () => {
    entries.published(1);
    entries.published(1);
    entries.take(1);
    expect(entries.match(10)?.seq).to.equal(1);
    entries.take(1);
    expect(entries.match(10)).to.equal(undefined);
  });

  it('match nothing that is known not to have arrived', () => {
    for (const seq of [1, 2, 3]) entries.published(seq);
    entries.notArrived(1);
    expect(entries.match(20)).to.equal(undefined);
    expect(entries.match(10)?.seq).to.equal(1);
  });

  it('E6: match no more often than was published', () => {
    const action = fc.record({
      kind: fc.constantFrom('add', 'publish', 'match', 'undo', 'not arrived'),
      at: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), actions => {
        const fifo = new EchoEntries();
        let next = 1;
        const published = new Map<number, number>();
        const matched = new Map<number, number>();
        for (const { kind, at } of actions) {
          const seq = (at % Math.max(1, next)) + 1;
          if (kind === 'add') fifo.add({ seq: next, hash: next++ % 3 }, false);
          if (kind === 'publish' && fifo.get(seq) !== undefined) {
            fifo.published(seq);
            published.set(seq % 3, (published.get(seq % 3) ?? 0) + 1);
          }
          const entry = kind === 'match' ? fifo.match(at % 3) : undefined;
          if (entry !== undefined) {
            fifo.take(entry.seq);
            matched.set(at % 3, (matched.get(at % 3) ?? 0) + 1);
          }
          if (kind === 'undo') fifo.undoProvisional();
          if (kind === 'not arrived') fifo.notArrived(seq);
          for (const [hash, count] of matched) expect(count).to.be.at.most(published.get(hash) ?? 0);
        }
      }),
    );
  });
});

describe('The policy of an event topic', () => {
  const policies = new EventPolicies(
    [
      { filter: 'a/#', mode: 'event', expiry: 5, subscribe: 0b011, publish: 0b111 },
      { filter: 'a/b/#', qos: 2, retain: true, subscribe: 0b100, publish: 0b110 },
      { filter: 'a/b/state', mode: 'state', subscribe: 0b111, publish: 0b111 },
      { filter: '#', subscribe: 0, publish: 0b111 },
    ],
    3,
    'mqttrep',
  );

  it('takes each setting from the most specific filter that sets it, and forbids what any filter forbids', () => {
    expect(policies.of('a/b/c')).to.deep.equal({
      isEvent: true,
      filter: 'a/#',
      retain: true,
      qos: 1,
      expiry: 5,
      publish: 0b110,
      excluded: 0,
      echo: 0b111,
    });
    expect(policies.of('a/c')).to.include({ isEvent: true, retain: false, qos: 1, publish: 0b111 });
  });

  it('knows state topics, control topics and topics of the broker from event topics', () => {
    for (const topic of ['a/b/state', 'x', '$SYS/a'])
      expect(policies.of(topic), topic).to.include({ isEvent: false, publish: 0 });
    const all = new EventPolicies([{ filter: '#', mode: 'event', subscribe: 1, publish: 1 }], 1, 'mqttrep');
    expect(all.of('mqttrep/x').isEvent).to.equal(false);
    expect(all.of('x')).to.include({ isEvent: true, expiry: DEFAULT_EXPIRY_MS });
  });

  it('leaves out the brokers that a topic is excluded from, both ways', () => {
    const one = { filter: 'a/#', mode: 'event', subscribe: 0b11, publish: 0b11 } as const;
    const excluding = { filter: 'a/b', subscribe: 0, publish: 0b111111, exclude: 0b10 };
    const policy = new EventPolicies([one, excluding], 2, 'mqttrep').of('a/b');
    expect(policy).to.include({ isEvent: true, publish: 0b01, excluded: 0b10, echo: 0b11 });
  });

  it('E4: sends no event to its origin, nor to a broker that it has passed', () => {
    const policy = policies.of('a/c');
    expect(recipientsOf(policy, 0, [], ['x', 'y', 'z'])).to.equal(0b110);
    expect(recipientsOf(policy, 0, ['y', 'x'], ['x', 'y', 'z'])).to.equal(0b100);
    expect(recipientsOf(policy, 0, ['y', 'x'], ['', '', ''])).to.equal(0b110);
    expect(hasPassed(['x'], '')).to.equal(false);
  });
});

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
    expect(tail.first).to.be.within(24, 27);
    expect(tail.at(tail.first)?.seq).to.equal(tail.first);
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
