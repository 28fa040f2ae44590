/** A batch returns the values that were written, from an ArrayBuffer of exact size that can be transferred. */

import { expect } from 'chai';
import fc from 'fast-check';
import { BatchReader, BatchWriter } from '../../lib/protocol/batch.ts';

type Numeric = 'u8' | 'u32' | 'f64';

type Value =
  | { readonly kind: Numeric; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'byteString'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

const latin1 = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes).toString('latin1'));

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffff_ffff) }),
  fc.record({ kind: fc.constant('f64' as const), value: fc.double({ noNaN: true }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'binary', maxLength: 300 }) }),
  fc.record({ kind: fc.constant('byteString' as const), value: latin1 }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300 }) }),
);

function write(writer: BatchWriter, one: Value): void {
  if (one.kind === 'text' || one.kind === 'byteString') writer[one.kind](one.value);
  else if (one.kind === 'bytes') writer.bytes(one.value);
  else writer[one.kind](one.value);
}

function expectAll(batch: ArrayBuffer, values: readonly Value[]): void {
  const reader = new BatchReader(batch);
  for (const { kind, value: written } of values) {
    expect(reader.done).to.equal(false);
    if (kind === 'bytes') expect(Buffer.compare(reader.bytes(), written)).to.equal(0);
    else expect(reader[kind]()).to.equal(written);
  }
  expect(reader.done).to.equal(true);
}

describe('A batch', () => {
  it('returns any values in the order in which they were written', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), values => {
        const writer = new BatchWriter();
        for (const one of values) write(writer, one);
        expectAll(writer.take(), values);
      }),
    );
  });

  it('can be taken from the same writer repeatedly', () => {
    fc.assert(
      fc.property(fc.array(fc.array(value, { maxLength: 5 }), { maxLength: 10 }), rounds => {
        const writer = new BatchWriter();
        const batches = rounds.map(values => {
          for (const one of values) write(writer, one);
          return writer.take();
        });
        for (const [round, values] of rounds.entries())
          expectAll(batches[round] ?? new ArrayBuffer(0), values);
      }),
    );
  });

  it('can be empty', () => {
    const batch = new BatchWriter().take();
    expect(batch.byteLength).to.equal(0);
    expect(new BatchReader(batch).done).to.equal(true);
  });

  const sizes: readonly (readonly [name: string, values: readonly Value[]])[] = [
    ['many small texts', Array.from({ length: 30_000 }, (_, i) => ({ kind: 'text', value: `topic/${i}` }))],
    ['one huge payload', [{ kind: 'bytes', value: new Uint8Array(5_000_000).fill(7) }]],
    ['one huge byte string', [{ kind: 'byteString', value: '\xff'.repeat(5_000_000) }]],
    ['one huge text of many bytes', [{ kind: 'text', value: '🦆'.repeat(500_000) }]],
  ];
  for (const [name, values] of sizes) {
    it(`grows for ${name}`, () => {
      const writer = new BatchWriter();
      for (const one of values) write(writer, one);
      expectAll(writer.take(), values);
      write(writer, { kind: 'u8', value: 1 });
      expectAll(writer.take(), [{ kind: 'u8', value: 1 }]);
    });
  }

  it('counts the bytes and records since the last one was taken', () => {
    const writer = new BatchWriter().record().u8(1).record().text('ab');
    expect(writer).to.include({ records: 2, length: 7 });
    expect(writer.take().byteLength).to.equal(7);
    expect(writer).to.include({ records: 0, length: 0 });
  });

  it('has a buffer of its own, so that it can be transferred', () => {
    const writer = new BatchWriter().u32(1);
    const batch = writer.take();
    structuredClone(batch, { transfer: [batch] });
    expect(batch.byteLength).to.equal(0);
    expect(new BatchReader(writer.u32(2).take()).u32()).to.equal(2);
  });
});
