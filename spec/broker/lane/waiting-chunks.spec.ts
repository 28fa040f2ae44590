import { expect } from 'chai';
import fc from 'fast-check';
import { READ_BYTES } from '../../../lib/broker/lane/transport.ts';
import { WaitingChunks } from '../../../lib/broker/lane/waiting-chunks.ts';

/** Sizes of reads: small ones are joined, others have a buffer of their own, which is used again if it has the usual size. */
const size = fc.oneof(
  fc.integer({ min: 1, max: 2_000 }),
  fc.integer({ min: 15_000, max: READ_BYTES + 2_000 }),
);

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), size }),
  fc.record({ kind: fc.constant('read' as const), part: fc.integer({ min: 1, max: 4 }) }),
);

describe('WaitingChunks', () => {
  it('return the bytes that were added, in their order, and keep those that were read last', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const waiting = new WaitingChunks();
        let [added, read] = [0, 0];
        const byteAt = (index: number) => (index * 31 + (index >> 8)) & 0xff;
        const expectBytes = (bytes: Buffer, from: number) => {
          for (let index = 0; index < bytes.length; index += 97)
            expect(bytes[index]).to.equal(byteAt(from + index));
        };
        // A handler may still have a message of what was read last.
        let last: { bytes: Buffer; from: number } = { bytes: Buffer.alloc(0), from: 0 };
        for (const one of steps) {
          if (one.kind === 'add') {
            waiting.add(Buffer.from(Array.from({ length: one.size }, (_, index) => byteAt(added + index))));
            added += one.size;
          } else if (waiting.first !== undefined) {
            const { first, offset } = waiting;
            const end = offset + Math.ceil((first.length - offset) / one.part);
            last = { bytes: first.subarray(offset, end), from: read };
            waiting.consume(end);
            read += end - offset;
          }
          expectBytes(last.bytes, last.from);
          expect(waiting.bytes).to.equal(added - read);
          expect(waiting.isEmpty).to.equal(added === read);
        }
      }),
    );
  });

  it('use the memory of what was read again', () => {
    const waiting = new WaitingChunks();
    const memory = new Set<ArrayBufferLike>();
    const chunk = Buffer.alloc(READ_BYTES, 'x');
    for (let round = 0; round < 100; round++) {
      waiting.add(chunk);
      waiting.add(chunk);
      for (let count = 0; count < 2; count++) {
        const { first } = waiting;
        if (first === undefined) throw new Error('two chunks wait');
        memory.add(first.buffer);
        waiting.consume(first.length);
      }
    }
    expect(memory.size).to.be.at.most(4);
  });
});
