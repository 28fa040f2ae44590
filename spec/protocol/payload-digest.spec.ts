import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { type LargePayload, MAX_STRING_BYTES } from '../../lib/core/payload.ts';
import {
  largePayloadDigest,
  messageDigestOf,
  messageDigestOfBytes,
} from '../../lib/protocol/message-digest.ts';
import { payloadFrom } from '../../lib/protocol/payload.ts';
import { payloadDigest, rememberDigest } from '../../lib/protocol/payload-digest.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64url');

/** Large ones that differ in one byte, if at all. */
const large = fc
  .tuple(fc.nat(MAX_STRING_BYTES), fc.nat(3))
  .map(([at, byte]) => Buffer.alloc(MAX_STRING_BYTES + 1).fill(byte, at, at + 1));

describe('The digest of a payload', () => {
  it('is the SHA-256 of its bytes, whichever digests are remembered', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            large,
            fc.uint8Array().map(bytes => Buffer.from(bytes)),
          ),
          { maxLength: 50 },
        ),
        all => {
          for (const bytes of all) {
            expect(payloadDigest(Buffer.from(bytes))).to.equal(sha256(bytes));
            rememberDigest(bytes, sha256(bytes));
          }
        },
      ),
    );
  });

  it('is not computed again if it is remembered', () => {
    const bytes = Buffer.alloc(MAX_STRING_BYTES + 1, 'x');
    rememberDigest(bytes, 'as it came with the publication');
    expect(payloadDigest(Buffer.from(bytes))).to.equal('as it came with the publication');
    expect(bytes).to.have.lengthOf(MAX_STRING_BYTES + 1);
  });

  it('is the same for bytes from the network and for the payload that the reconciler has', () => {
    for (const length of [0, 1_024, 1_025, MAX_STRING_BYTES, MAX_STRING_BYTES + 1]) {
      const bytes = Buffer.alloc(length, 'y');
      expect(messageDigestOf(payloadFrom(bytes)), `${length} bytes`).to.equal(messageDigestOfBytes(bytes));
    }
    const bytes = Buffer.alloc(100_000, 'z');
    expect(largePayloadDigest(payloadFrom(bytes) as LargePayload)).to.equal(sha256(bytes));
  });
});
