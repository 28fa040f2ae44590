/** Observations and publications are unpacked as they were packed, whatever their topics, payloads and times. */

import { expect } from 'chai';
import fc from 'fast-check';
import { MAX_STRING_BYTES } from '../../lib/core/payload.ts';
import type { Version } from '../../lib/core/version.ts';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';
import { readObservation, writeObservation } from '../../lib/protocol/observation.ts';
import { payloadFrom } from '../../lib/protocol/payload.ts';
import { readPublication, writePublication } from '../../lib/protocol/publication.ts';

const topic = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 });
const payload = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 1_000 }) },
  // A large one stays bytes.
  fc.nat(255).map(byte => new Uint8Array(MAX_STRING_BYTES + 1 + byte).fill(byte)),
);
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
      fc.uint8Array({ maxLength: 100 }).map(bytes => Buffer.from(bytes).toString('latin1')),
      { maxLength: 8 },
    ),
  })
  // A valid stamp excludes a claim.
  .map(one => (one.stamp === undefined ? one : { ...one, claim: undefined }))
  .map(({ conflated, ...one }) => (conflated.length === 0 ? one : { ...one, conflated }));

const publication = fc.record({
  topic,
  payload: payload.map(bytes => payloadFrom(Buffer.from(bytes))),
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
        for (const one of all) writeObservation(writer, { ...one, payload: Buffer.from(one.payload) });
        expect(writer.records).to.equal(all.length);
        const reader = new BatchReader(writer.take());
        const expected = all.map(one => ({ ...one, payload: payloadFrom(Buffer.from(one.payload)) }));
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
        expect(read.map(one => ({ ...one, payload: payloadFrom(one.payload) }))).to.deep.equal(all);
        expect(reader.done).to.equal(true);
      }),
    );
  });
});
