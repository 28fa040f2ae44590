/** Observations and publications are unpacked as they were packed, whatever their topics, payloads and times. */

import { expect } from 'chai';
import fc from 'fast-check';
import type { Version } from '../../lib/core/version.ts';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import { fromBuffer, toBuffer } from '../../lib/protocol/bytes.ts';
import { readObservation, writeObservation } from '../../lib/protocol/observation.ts';
import { readPublication, writePublication } from '../../lib/protocol/publication.ts';

const topic = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 });
const payload = fc.uint8Array({ maxLength: 1_000 });
const properties = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
const time = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const version: fc.Arbitrary<Version> = fc.record({
  time: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  counter: fc.nat({ max: 0xffff_ffff }),
  replica: fc.string({ unit: 'binary', maxLength: 64 }),
});

const observation = fc
  .record({
    topic,
    payload,
    properties,
    retained: fc.constantFrom(undefined, false, true),
    replay: fc.boolean(),
    stamp: fc.option(version, { nil: undefined }),
    claim: fc.option(version, { nil: undefined }),
    own: fc.boolean(),
    expiry: time,
    conflated: fc.array(
      payload.map(bytes => fromBuffer(Buffer.from(bytes))),
      { maxLength: 8 },
    ),
  })
  // A valid stamp excludes a claim.
  .map(one => (one.stamp === undefined ? one : { ...one, claim: undefined }))
  .map(({ conflated, ...one }) => (conflated.length === 0 ? one : { ...one, conflated }));

const publication = fc.record({
  topic,
  payload: payload.map(bytes => fromBuffer(Buffer.from(bytes))),
  properties,
  version,
  expiresAt: time,
  retain: fc.boolean(),
  qos: fc.constantFrom(0, 1, 2),
  hasNoEcho: fc.boolean(),
});

describe('Packed records', () => {
  it('return observations as they were packed', () => {
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 20 }), all => {
        const writer = new BatchWriter();
        for (const one of all) writeObservation(writer, one);
        expect(writer.records).to.equal(all.length);
        const reader = new BatchReader(writer.take());
        const expected = all.map(one => ({ ...one, payload: fromBuffer(Buffer.from(one.payload)) }));
        expect(expected.map(() => readObservation(reader))).to.deep.equal(expected);
        expect(reader.done).to.equal(true);
      }),
    );
  });

  it('return publications as they were packed', () => {
    fc.assert(
      fc.property(fc.array(publication, { maxLength: 20 }), all => {
        const writer = new BatchWriter();
        for (const one of all) writePublication(writer, one);
        expect(writer.records).to.equal(all.length);
        const reader = new BatchReader(writer.take());
        const read = all.map(() => readPublication(reader));
        expect(read.map(one => ({ ...one, payload: fromBuffer(one.payload) }))).to.deep.equal(all);
        expect(reader.done).to.equal(true);
      }),
    );
  });
});

describe('Bytes as a string', () => {
  it('have one character for each byte, and convert back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        const text = fromBuffer(Buffer.from(bytes));
        expect(text).to.have.lengthOf(bytes.length);
        expect(Buffer.compare(toBuffer(text), bytes)).to.equal(0);
      }),
    );
  });
});
