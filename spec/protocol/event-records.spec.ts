/** What crosses the port of an event connection is read as it was written. */

import { expect } from 'chai';
import fc from 'fast-check';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import {
  type Delivery,
  type Incoming,
  readIncoming,
  writeDelivery,
  writeIncoming,
} from '../../lib/protocol/event-records.ts';
import { deliveriesOf } from '../support/deliveries-of.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array));
const path = fc.array(fc.string({ maxLength: 16 }), { maxLength: 16 });
const time = fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY));
const ordinal = fc.nat();

const incoming: fc.Arbitrary<Incoming> = fc.oneof(
  fc.record({
    kind: fc.constant('message' as const),
    ordinal,
    packetId: fc.nat(65_535),
    dup: fc.boolean(),
    retain: fc.boolean(),
    topic: fc.string({ minLength: 1 }),
    payload: bytes,
    properties: fc.string(),
    expiry: time,
    path,
  }),
  fc.record({
    kind: fc.constant('echo' as const),
    ordinal,
    id: fc.record({ node: fc.string(), seq: fc.nat() }),
  }),
  fc.record({ kind: fc.constant('fence' as const), ordinal, nonce: fc.nat() }),
);

const delivery: fc.Arbitrary<Delivery> = fc.record({
  seq: fc.nat(),
  topic: fc.string({ minLength: 1 }),
  payload: bytes,
  properties: fc.string(),
  retain: fc.boolean(),
  qos: fc.constantFrom(0, 1),
  expiresAt: time,
  origin: fc.string(),
  path,
});

describe('A packed batch of an event connection', () => {
  it('returns the incoming records that were written, in their order', () => {
    fc.assert(
      fc.property(fc.array(incoming), records => {
        const writer = new BatchWriter();
        for (const record of records) writeIncoming(writer, record);
        const reader = new BatchReader(writer.take());
        expect(records.map(() => readIncoming(reader))).to.deep.equal(records);
        expect(reader.done).to.equal(true);
      }),
    );
  });

  it('returns the deliveries that were written, in their order', () => {
    fc.assert(
      fc.property(fc.array(delivery), records => {
        const writer = new BatchWriter();
        for (const record of records) writeDelivery(writer, record);
        expect(deliveriesOf(writer.take())).to.deep.equal(records);
      }),
    );
  });

  it('refuses a record of a kind that does not exist', () => {
    const batch = new BatchWriter().u8(9).u32(1).take();
    expect(() => readIncoming(new BatchReader(batch))).to.throw(RangeError, 'no kind of incoming record 9');
  });
});
