/** Records of the event log are read as they were written, and each can be applied twice. */

import { expect } from 'chai';
import fc from 'fast-check';
import { type EventRecord, recordsIn, writeEventRecord } from '../../../lib/events/ledger/event-record.ts';
import { Ledger } from '../../../lib/events/ledger/ledger.ts';
import { BatchWriter } from '../../../lib/protocol/batch.ts';

const broker = fc.nat(2);
const seq = fc.integer({ min: 1, max: 40 });
const time = fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY));
const text = fc.string({ maxLength: 8 });

const record: fc.Arbitrary<EventRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('event' as const),
    seq,
    origin: broker,
    packetId: fc.nat(9),
    retain: fc.boolean(),
    received: fc.nat(),
    expiresAt: time,
    recipients: fc.nat(7),
    path: fc.array(text, { maxLength: 3 }),
    topic: text,
    properties: text,
    payload: fc.uint8Array({ maxLength: 9 }).map(bytes => Buffer.from(bytes)),
  }),
  fc.record({
    kind: fc.constant('sent' as const),
    broker,
    through: seq,
    entries: fc.array(fc.record({ seq, hash: fc.nat(5) }), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('done' as const),
    broker,
    through: seq,
    messages: fc.nat(40),
    bytes: fc.nat(),
  }),
  fc.record({ kind: fc.constant('echo' as const), broker, seq, packetId: fc.nat(9), hash: fc.nat(5) }),
  fc.record({ kind: fc.constant('closed' as const), broker, through: seq }),
  fc.record({ kind: fc.constant('session' as const), broker, number: fc.nat(3), brokerId: text }),
  fc.record({
    kind: fc.constant('drop' as const),
    broker,
    through: seq,
    reason: fc.constantFrom('full' as const, 'expired' as const),
    messages: fc.nat(),
  }),
);

function packed(records: readonly EventRecord[]): Buffer {
  const writer = new BatchWriter();
  for (const each of records) writeEventRecord(writer, each);
  return Buffer.from(writer.take());
}

describe('A record of the event log', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(record), records => {
        expect([...recordsIn(packed(records))]).to.deep.equal(records);
      }),
    );
  });

  it('is refused if no version wrote it', () => {
    expect(() => [...recordsIn(Buffer.from([200]))]).to.throw(RangeError, 'no such kind');
    expect(() => [...recordsIn(packed([{ kind: 'closed', broker: 0, through: 1 }]).subarray(0, 5))]).to.throw(
      RangeError,
    );
  });
});

describe('The ledger', () => {
  const NAMES = ['A', 'B', 'C'];

  it('E12: is the same after it was packed and unpacked', () => {
    fc.assert(
      fc.property(fc.array(record), records => {
        const ledger = new Ledger('node', NAMES);
        for (const each of records) ledger.apply(each);
        const again = Ledger.unpack(ledger.pack());
        expect(again.pack().equals(ledger.pack())).to.equal(true);
      }),
    );
  });

  it('has cursors that only ascend, with closed ≤ done ≤ sent if records keep to that', () => {
    fc.assert(
      fc.property(fc.array(record), records => {
        const ledger = new Ledger('node', NAMES);
        let before = NAMES.map((_, index) => ({ ...cursors(ledger, index) }));
        for (const each of records) {
          ledger.apply(each);
          const after = NAMES.map((_, index) => cursors(ledger, index));
          for (const [index, { sent, done, closed }] of after.entries()) {
            expect(sent).to.be.at.least(before[index]?.sent ?? 0);
            expect(done).to.be.at.least(before[index]?.done ?? 0);
            expect(closed).to.be.at.least(before[index]?.closed ?? 0);
            expect(done).to.be.at.most(sent);
          }
          before = after;
        }
      }),
    );
  });

  it('counts each event once, however often a segment repeats it', () => {
    fc.assert(
      fc.property(fc.array(record), records => {
        const once = new Ledger('node', NAMES);
        const twice = new Ledger('node', NAMES);
        for (const each of records) {
          once.apply(each);
          twice.apply(each);
          if (each.kind !== 'sent' && each.kind !== 'echo') twice.apply(each);
        }
        for (const index of NAMES.keys())
          expect(twice.broker(index).offered).to.deep.equal(once.broker(index).offered);
      }),
    );
  });

  it('gives a new broker no event of before', () => {
    const ledger = new Ledger('node', NAMES, undefined, 41);
    ledger.useBrokers([...NAMES, 'D']);
    expect(cursors(ledger, 3)).to.deep.equal({ sent: 40, done: 40, closed: 40 });
  });

  it('forgets all that it knew of a broker', () => {
    const ledger = new Ledger('node', NAMES, undefined, 41);
    ledger.apply({ kind: 'session', broker: 1, number: 3, brokerId: 'id' });
    ledger.apply({ kind: 'drop', broker: 1, through: 40, reason: 'forgotten', messages: 0 });
    expect(ledger.broker(1).session).to.equal(0);
    expect(ledger.broker(1).brokerId).to.equal('');
  });
});

function cursors(ledger: Ledger, index: number) {
  const { sent, done, closed } = ledger.broker(index);
  return { sent, done, closed };
}
