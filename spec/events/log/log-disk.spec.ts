/** The disk of the event log does what the real disk does, partly in the thread of its user. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LOG_DISK } from '../../../lib/events/log/log-disk.ts';
import { failureOf } from '../../support/failure-of.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { event, LogFixture } from './log-fixture.ts';

describe('The disk of the event log', () => {
  it('writes small and large pieces in their places, and synchronizes each', async () => {
    const path = join(tempFolder('log-disk'), 'file');
    const file = await LOG_DISK.open(path, 'w+', 0o600);
    const pieces = [10, 200_000, 0, 65_536, 65_537].map((bytes, index) => Buffer.alloc(bytes, 97 + index));
    let at = 0;
    for (const piece of pieces) {
      expect(await file.write(piece, 0, piece.length, at)).to.deep.include({ bytesWritten: piece.length });
      await file.datasync();
      at += piece.length;
    }
    await file.close();
    expect(readFileSync(path).equals(Buffer.concat(pieces))).to.equal(true);
  });

  it('rejects with the error of the system, whatever the size', async () => {
    const path = join(tempFolder('log-disk'), 'file');
    await (await LOG_DISK.open(path, 'w+', 0o600)).close();
    const file = await LOG_DISK.open(path, 'r');
    for (const bytes of [10, 200_000]) {
      const failure = await failureOf(file.write(Buffer.alloc(bytes), 0, bytes, 0));
      expect(failure.message).to.contain('EBADF');
    }
    await file.close();
  });

  it('has the log that was committed on it', async () => {
    const folder = tempFolder('log-disk');
    const fixture = new LogFixture(folder, { files: LOG_DISK });
    await fixture.open();
    for (let seq = 1; seq <= 20; seq++)
      await fixture.commit(event(seq, { payload: Buffer.alloc(seq * 10_000) }));
    await fixture.log.close();
    const again = new LogFixture(folder);
    expect(await again.open()).to.deep.include({ damaged: 0 });
    expect(again.ledger.nextSeq).to.equal(21);
    await again.log.close();
  });
});
