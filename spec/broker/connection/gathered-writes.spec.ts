/** What is written to a stream in one turn of the event loop leaves in one write, and nothing is lost by that. */

import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { gatherWrites } from '../../../lib/broker/connection/gathered-writes.ts';

/** Keeps each write. */
class Sink extends Duplex {
  readonly written: Buffer[] = [];
  /** Of the writes that wait for it to go on. */
  #waiting: (() => void)[] = [];
  readonly #isSlow: boolean;

  constructor({ isSlow = false, highWaterMark = 1024 * 1024 } = {}) {
    super({ writableHighWaterMark: highWaterMark });
    this.#isSlow = isSlow;
  }

  override _read(): void {
    // Nothing comes from it.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk);
    if (this.#isSlow) this.#waiting.push(done);
    else done();
  }

  goOn(): void {
    for (const done of this.#waiting.splice(0)) done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.written);
  }
}

function gathering(options?: ConstructorParameters<typeof Sink>[0]): Sink {
  const sink = new Sink(options);
  gatherWrites(sink);
  return sink;
}

describe('Gathered writes', () => {
  it('leave as one write at the end of the turn', async () => {
    const sink = gathering();
    sink.write(Buffer.from('one '));
    sink.write('zwölf ', 'utf8');
    sink.write(Buffer.from('three'));
    expect(sink.written).to.be.empty;
    await nextTurn();
    expect(sink.written.map(String)).to.deep.equal(['one zwölf three']);
  });

  it('leave turn by turn', async () => {
    const sink = gathering();
    sink.write('one');
    await nextTurn();
    sink.write('two');
    await nextTurn();
    expect(sink.written.map(String)).to.deep.equal(['one', 'two']);
  });

  it('keep all bytes in their order, whatever their sizes', async () => {
    const size = fc.oneof(fc.nat(20), fc.integer({ min: 8_000, max: 9_000 }), fc.nat(100_000));
    const piece = fc.record({ size, isText: fc.boolean(), isTurnOver: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async pieces => {
        const sink = gathering();
        const expected: Buffer[] = [];
        for (const [index, { size, isText, isTurnOver }] of pieces.entries()) {
          const text = String.fromCharCode(0x20ac + index).repeat(size);
          const bytes = Buffer.from(text);
          expected.push(bytes);
          if (isText) sink.write(text, 'utf8');
          else sink.write(bytes);
          if (isTurnOver) await nextTurn();
        }
        await nextTurn();
        expect(sink.bytes.equals(Buffer.concat(expected))).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });

  it('are copied, so that the writer may change its buffer', async () => {
    const sink = gathering();
    const bytes = Buffer.from('as it was');
    sink.write(bytes);
    bytes.fill(0);
    await nextTurn();
    sink.write('next');
    await nextTurn();
    expect(sink.written.map(String)).to.deep.equal(['as it was', 'next']);
  });

  it('leave before a large piece, which is not copied', async () => {
    const sink = gathering();
    const large = Buffer.alloc(10_000, 'x');
    sink.write('header');
    sink.write(large);
    await nextTurn();
    expect(sink.written).to.have.lengthOf(2);
    expect(String(sink.written[0])).to.equal('header');
    expect(sink.written[1]).to.equal(large);
  });

  it('leave before a piece with a callback', async () => {
    const sink = gathering();
    sink.write('one ');
    await new Promise<void>(resolve => {
      sink.write('two', () => resolve());
    });
    expect(String(sink.bytes)).to.equal('one two');
  });

  it('leave before the end of the stream', async () => {
    const sink = gathering();
    sink.write('last words');
    sink.end();
    await once(sink, 'finish');
    expect(String(sink.bytes)).to.equal('last words');
  });

  it('are lost with a stream that is destroyed, without an error', async () => {
    const sink = gathering();
    const errors: unknown[] = [];
    sink.on('error', error => errors.push(error));
    sink.write('never said');
    sink.destroy();
    await nextTurn();
    await nextTurn();
    expect(sink.written).to.be.empty;
    expect(errors).to.be.empty;
  });

  it('return false when the stream is full, until the stream drains', async () => {
    const sink = gathering({ isSlow: true, highWaterMark: 10 });
    expect(sink.write('more than ten bytes')).to.equal(true);
    await nextTurn();
    expect(sink.write('more')).to.equal(false);
    const drained = once(sink, 'drain');
    sink.goOn();
    await nextTurn();
    sink.goOn();
    await drained;
    expect(String(sink.bytes)).to.equal('more than ten bytesmore');
    expect(sink.write('again')).to.equal(true);
  });

  it('fail on a stream that has ended, like other writes', async () => {
    const sink = gathering();
    sink.end();
    sink.write('too late');
    const [error] = await once(sink, 'error');
    expect((error as NodeJS.ErrnoException).code).to.equal('ERR_STREAM_WRITE_AFTER_END');
  });
});
