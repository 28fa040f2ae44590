/** The disk does what Node.js does, partly in the thread of its caller. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { DISK } from '../../lib/store/disk.ts';
import { event, LogFixture } from '../events/log/log-fixture.ts';
import { failureOf } from '../support/failure-of.ts';
import { tempFolder } from '../support/temp-folder.ts';

describe('DISK', () => {
  it('writes small and large pieces in their places, and synchronizes each', async () => {
    const path = join(tempFolder('disk'), 'file');
    const file = await DISK.open(path, 'w+', 0o600);
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
    const path = join(tempFolder('disk'), 'file');
    await (await DISK.open(path, 'w+', 0o600)).close();
    const file = await DISK.open(path, 'r');
    for (const bytes of [10, 200_000]) {
      const failure = await failureOf(file.write(Buffer.alloc(bytes), 0, bytes, 0));
      expect(failure.message).to.contain('EBADF');
    }
    await file.close();
  });

  it('has the log that was committed on it', async () => {
    const folder = tempFolder('disk');
    const fixture = new LogFixture(folder, { files: DISK });
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
