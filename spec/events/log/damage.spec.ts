/** E12: what a crash, a full disk or damaged bytes leave of the event log. */

import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { MemoryFiles } from '../../../lib/store/memory-files.ts';
import { failureOf } from '../../support/failure-of.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { event, LogFixture, range } from './log-fixture.ts';

const SMALL = 512 * 1024;
const LARGE_PAYLOAD = { payload: Buffer.alloc(40_000, 'x') };

describe('The event log, damaged', () => {
  let folder: string;
  let fixture: LogFixture;

  beforeEach(async () => {
    folder = await tempFolder('events');
    fixture = new LogFixture(folder, { bytes: SMALL });
    await fixture.open();
  });

  afterEach(() => fixture.log.close());

  const segments = () =>
    readdirSync(folder)
      .filter(name => name.startsWith('events-'))
      .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)))
      .map(name => join(folder, name));
  const aside = () => readdirSync(folder).filter(name => name.startsWith('damaged-'));
  const segment = (index: number) => segments().at(index) ?? '';

  function flip(path: string, at: number): void {
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
    writeFileSync(path, bytes);
  }

  it('has all commits before a crash, wherever the crash cut the last one off', async () => {
    await fixture.fill(3);
    const before = statSync(segment(0)).size;
    await fixture.fill(1);
    const { size } = statSync(segment(0));
    await fixture.log.close();
    const bytes = readFileSync(segment(0));
    for (let end = size - 1; end >= before; end -= 7) {
      writeFileSync(segment(0), bytes.subarray(0, end));
      await fixture.open();
      expect(fixture.ledger.nextSeq, `cut at ${end}`).to.equal(4);
      await fixture.fill(1);
      expect((await fixture.read()).seqs).to.deep.equal([1, 2, 3, 4]);
      await fixture.log.close();
    }
    expect(aside(), 'a crash is no damage').to.deep.equal([]);
  });

  it('drops a new segment whose first commit a crash cut off, with the state in its beginning', async () => {
    await fixture.fill(2, LARGE_PAYLOAD);
    const before = segments().length;
    await fixture.fill(1, LARGE_PAYLOAD);
    expect(segments()).to.have.length(before + 1);
    const state = readFileSync(segment(-1));
    await fixture.log.close();
    for (let end = state.length - 1; end >= 0; end -= 997) {
      writeFileSync(join(folder, 'events-2.log'), state.subarray(0, end));
      await fixture.open();
      expect(fixture.ledger.nextSeq, `cut at ${end}`).to.equal(3);
      expect(fixture.ledger.broker(0).recent.wasDelivered(0)).to.equal(false);
      await fixture.log.close();
    }
    expect(aside()).to.deep.equal([]);
  });

  it('moves the rest of a damaged older segment aside, says so, and goes on behind it', async () => {
    await fixture.fill(8, LARGE_PAYLOAD);
    const [first] = fixture.log.segments;
    const last = first?.last ?? 0;
    flip(segment(0), statSync(segment(0)).size - 100);
    const { seqs, damages } = await fixture.read();
    expect(damages).to.have.length(1);
    expect(seqs).to.deep.equal([...range(1, last - 1), ...range(last + 1, 8)]);
    expect(aside()).to.have.length(1);
    expect(await fixture.read(), 'once it is aside').to.deep.equal({ seqs, damages: [] });
    await fixture.reopen();
    expect(await fixture.read(), 'after a restart').to.deep.equal({ seqs, damages: [] });
  });

  it('begins a new segment behind a damaged place of the one that is being written', async () => {
    await fixture.fill(6);
    flip(segment(0), statSync(segment(0)).size - 300);
    const { damages, seqs } = await fixture.read();
    expect(damages).to.have.length(1);
    await fixture.fill(2);
    expect(segments()).to.have.length(2);
    expect((await fixture.read(7)).seqs).to.deep.equal([7, 8]);
    expect((await fixture.read(1)).seqs).to.deep.equal([...seqs, 7, 8]);
  });

  it('reads all of an older segment whose damaged end nobody needs', async () => {
    await fixture.fill(8, LARGE_PAYLOAD);
    flip(segment(0), statSync(segment(0)).size - 100);
    const from = (fixture.log.segments[1]?.first ?? 0) + 1;
    expect(await fixture.read(from)).to.deep.equal({ seqs: range(from, 8), damages: [] });
  });

  it('gives no sequence number again that damaged bytes of the newest segment may contain', async () => {
    await fixture.fill(6);
    const { size } = statSync(segment(0));
    await fixture.log.close();
    flip(segment(0), size - 300);
    const { damaged } = await fixture.open();
    expect(damaged).to.equal(1);
    expect(aside()).to.have.length(1);
    expect(fixture.lines.join()).to.match(/damaged.*are now in damaged-.*delivery goes on behind/);
    expect(fixture.ledger.nextSeq).to.be.above(6);
    const next = fixture.ledger.nextSeq;
    await fixture.fill(2);
    const { seqs } = await fixture.read();
    expect(seqs.slice(-2)).to.deep.equal([next, next + 1]);
    expect(seqs.slice(0, -2)).to.deep.equal(range(1, seqs.length - 2));
    await fixture.reopen();
    expect(fixture.ledger.nextSeq).to.equal(next + 2);
  });

  it('begins again if no segment can be read at all, under another name in stamps', async () => {
    await fixture.fill(3);
    const { node } = fixture.ledger;
    await fixture.log.close();
    flip(segment(0), 60);
    await fixture.open();
    expect(fixture.ledger.node).to.not.equal(node);
    expect(aside()).to.have.length(1);
    await fixture.fill(1);
    expect((await fixture.read()).seqs).to.have.length(1);
  });

  it('leaves a file of another version as it is, and does not start', async () => {
    await fixture.fill(1);
    await fixture.log.close();
    const bytes = readFileSync(segment(0));
    bytes.writeUInt8(99, 7);
    writeFileSync(segment(0), bytes);
    const failure = await failureOf(fixture.open());
    expect(failure.name).to.equal('UnknownStoreError');
    expect(readFileSync(segment(0)).equals(bytes)).to.equal(true);
  });

  it('takes a truncated older segment for damaged', async () => {
    await fixture.fill(8, LARGE_PAYLOAD);
    await fixture.log.close();
    truncateSync(segment(0), statSync(segment(0)).size - 10);
    await fixture.open();
    const { damages, seqs } = await fixture.read();
    expect(damages).to.have.length(1);
    expect(seqs.at(-1)).to.equal(8);
  });

  it('E12: is after a crash at any byte what it was after one of its commits', async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (sizes, where) => {
          const files = new MemoryFiles();
          const written = new LogFixture('/log', { files, bytes: SMALL });
          await written.open();
          const states = [written.ledger.pack().toString('latin1')];
          const ends: [path: string, size: number][] = [];
          for (const size of sizes) {
            await written.commit(event(written.ledger.nextSeq, { payload: Buffer.alloc(size, 'p') }));
            states.push(written.ledger.pack().toString('latin1'));
            ends.push([written.log.segments.at(-1)?.path ?? '', written.log.segments.at(-1)?.end ?? 0]);
          }
          const [path = ''] = ends.at(-1) ?? [];
          const file = files.byPath.get(path);
          if (file === undefined) throw new Error('there is no file');
          const cut = Math.floor(file.size * where);
          file.truncate(cut);
          const survived = ends.filter(([at, size]) => at !== path || size <= cut).length;
          const opened = new LogFixture('/log', { files, bytes: SMALL });
          await opened.open();
          const state = opened.ledger.pack().toString('latin1');
          // The name of a log that has no commit is drawn at each start.
          if (survived > 0) expect(state === states[survived], `${survived} commits`).to.equal(true);
          expect(opened.ledger.nextSeq).to.equal(survived + 1);
        },
      ),
      { numRuns: 200 },
    );
  });
});
