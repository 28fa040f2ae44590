/** A disk that fails leaves the event log as it was after its last commit. */

import { expect } from 'chai';
import { DISK } from '../../../lib/store/disk.ts';
import type { Files, OpenFile } from '../../../lib/store/files.ts';
import { failureOf } from '../../support/failure-of.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { event, LogFixture } from './log-fixture.ts';

const SMALL = 512 * 1024;
const LARGE_PAYLOAD = { payload: Buffer.alloc(40_000, 'x') };

describe('The event log on a disk that fails', () => {
  /** The real disk, until it is told to fail. */
  class FailingDisk implements Files {
    failure: Error | undefined;
    /** Bytes that can still be written. */
    room = Number.POSITIVE_INFINITY;
    readonly readdir = DISK.readdir;
    readonly rename = DISK.rename;
    readonly rm = DISK.rm;

    async open(path: string, flags: 'r' | 'r+' | 'w+', mode?: number): Promise<OpenFile> {
      if (flags === 'w+' && this.failure !== undefined) throw this.failure;
      const file = await DISK.open(path, flags, mode);
      return {
        read: (...args) => file.read(...args),
        truncate: length => file.truncate(length),
        stat: () => file.stat(),
        close: () => file.close(),
        sync: () => file.sync(),
        datasync: () => (this.failure === undefined ? file.datasync() : Promise.reject(this.failure)),
        write: async (buffer, offset, length, position) => {
          const fits = Math.min(length, this.room);
          if (fits === 0) throw new Error('ENOSPC: no space left on device, write');
          this.room -= fits;
          return file.write(buffer, offset, fits, position);
        },
      };
    }
  }

  let fixture: LogFixture;
  let disk: FailingDisk;

  beforeEach(async () => {
    disk = new FailingDisk();
    fixture = new LogFixture(await tempFolder('events'), { bytes: SMALL, files: disk });
    await fixture.open();
  });

  afterEach(() => fixture.log.close());

  it('is as before after a commit that failed, and takes the next one', async () => {
    await fixture.fill(2);
    disk.room = 100;
    const record = event(3, LARGE_PAYLOAD);
    fixture.ledger.apply(record);
    expect((await failureOf(fixture.log.commit([record], fixture.ledger))).message).to.contain('ENOSPC');
    expect(fixture.log.lastDurable).to.equal(2);
    expect((await fixture.read()).seqs).to.deep.equal([1, 2]);
    disk.room = Number.POSITIVE_INFINITY;
    await fixture.log.commit([record], fixture.ledger);
    expect((await fixture.read()).seqs).to.deep.equal([1, 2, 3]);
    await fixture.reopen();
    expect((await fixture.read()).seqs).to.deep.equal([1, 2, 3]);
    expect(fixture.lines).to.deep.equal([]);
  });

  it('keeps its segment if a new one cannot be created', async () => {
    await fixture.fill(2, LARGE_PAYLOAD);
    disk.failure = new Error('EROFS: read-only file system');
    const record = event(3);
    fixture.ledger.apply(record);
    expect((await failureOf(fixture.log.commit([record], fixture.ledger))).message).to.contain('EROFS');
    disk.failure = undefined;
    await fixture.log.commit([record], fixture.ledger);
    await fixture.reopen();
    expect((await fixture.read()).seqs).to.deep.equal([1, 2, 3]);
  });
});
