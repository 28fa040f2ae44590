import { expect } from 'chai';
import fc from 'fast-check';
import { comparePayloads, LargePayload, MAX_STRING_BYTES, sliceOf } from '../../lib/core/payload.ts';
import { payloadFrom, payloadFromRaw, rawPayload, toBuffer } from '../../lib/protocol/payload.ts';

const small = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes));

/** Large ones, of which many differ in a single byte. */
const large = fc
  .tuple(fc.nat(3), fc.nat(MAX_STRING_BYTES), fc.nat(2))
  .map(([more, at, byte]) => Buffer.alloc(MAX_STRING_BYTES + 1 + more).fill(byte, at, at + 1));

const any = fc.oneof(small, large);

describe('A payload', () => {
  it('is the same again as bytes, whatever its size', () => {
    fc.assert(
      fc.property(any, bytes => {
        const payload = payloadFrom(bytes);
        expect(payload).to.have.lengthOf(bytes.length);
        expect(toBuffer(payload).equals(bytes)).to.equal(true);
        expect(toBuffer(payloadFromRaw(rawPayload(bytes))).equals(bytes)).to.equal(true);
      }),
    );
  });

  it('is identical to another one exactly if their bytes are equal', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(payloadFrom(a) === payloadFrom(b)).to.equal(a.equals(b));
        expect(payloadFrom(Buffer.from(a))).to.equal(payloadFrom(a));
      }),
      { numRuns: 1_000 },
    );
  });

  it('comes before another one as its bytes do', () => {
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(Math.sign(comparePayloads(payloadFrom(a), payloadFrom(b)))).to.equal(Buffer.compare(a, b));
      }),
    );
  });

  it('shows a part of it as a string does', () => {
    fc.assert(
      fc.property(any, fc.integer({ min: -300, max: 300 }), fc.option(fc.nat(300)), (bytes, start, end) => {
        expect(sliceOf(payloadFrom(bytes), start, end ?? undefined).slice(0, 400)).to.equal(
          bytes
            .toString('latin1')
            .slice(start, end ?? undefined)
            .slice(0, 400),
        );
      }),
    );
  });

  it('of a large batch keeps no more memory than its own', () => {
    const batch = Buffer.alloc(4 * MAX_STRING_BYTES, 'x');
    const payload = payloadFrom(batch.subarray(10, 10 + MAX_STRING_BYTES + 1)) as LargePayload;
    expect(payload).to.be.instanceOf(LargePayload);
    expect(payload.bytes.buffer.byteLength).to.equal(payload.length);
  });

  it('that fills its batch is no copy of it', () => {
    const batch = Buffer.alloc(MAX_STRING_BYTES + 100, 'y');
    const payload = payloadFrom(batch.subarray(50)) as LargePayload;
    expect(payload.bytes.buffer).to.equal(batch.buffer);
  });
});
