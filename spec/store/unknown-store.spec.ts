/** Files of another version of mqttrep or of another program in the folder of a store are reported and never touched. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { openStore } from '../../lib/store/open-store.ts';
import { UnknownStoreError } from '../../lib/store/store-errors.ts';
import { failureOf } from '../support/failure-of.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { commit, settledTopic } from './topics.ts';

const BROKERS = ['A', 'B'];
const FORMAT_AT = 'mqttrep'.length;

/** Bytes of a frame before its body: salt, checksum, length, commit and kind. */
const FRAME_HEAD = 8 + 4 + 4 + 4 + 1;
const FILE_HEAD = FORMAT_AT + 1 + 8;

describe('A folder with a file that this version did not write', () => {
  let folder: string;
  const log: string[] = [];
  const open = () => openStore({ kind: 'folder', path: folder }, BROKERS, (_level, line) => log.push(line));
  const file = (name: string) => join(folder, name);

  beforeEach(() => {
    folder = tempFolder('unknown');
    log.length = 0;
  });

  async function filled(): Promise<void> {
    const { store } = await open();
    await commit(store, [['t', settledTopic('1')]], [['replica', 'r1']]);
    await commit(store, [['u', settledTopic('2')]]);
    await store.close();
  }

  function change(name: string, how: (bytes: Buffer) => void): void {
    const bytes = readFileSync(file(name));
    how(bytes);
    writeFileSync(file(name), bytes);
  }

  /** All files except the locks that a process leaves. */
  function contents(): Record<string, string> {
    const names = readdirSync(folder).filter(name => !name.startsWith('lock-'));
    return Object.fromEntries(names.map(name => [name, readFileSync(file(name), 'latin1')]));
  }

  async function isRefused(reason: RegExp): Promise<void> {
    const before = contents();
    const error = await failureOf(open());
    expect(error).to.be.instanceOf(UnknownStoreError);
    expect(error.message).to.match(reason).and.contain('MQTTREP_STORE');
    expect(contents(), 'all files are as they were').to.deep.equal(before);
    expect(log).to.deep.equal([]);
  }

  it('is refused if a later version wrote the store', async () => {
    await filled();
    change('state-1.log', bytes => bytes.writeUInt8(3, FORMAT_AT));
    await isRefused(/state-1\.log is left as it is.*a later version of mqttrep wrote it \(format 3;/);
    await isRefused(/a later version/);
  });

  it('is refused if an earlier version wrote the store', async () => {
    await filled();
    change('state-1.log', bytes => bytes.writeUInt8(1, FORMAT_AT));
    await isRefused(/an earlier version of mqttrep wrote it \(format 1;/);
  });

  it('is refused if all checksums are correct but an entry is of an unknown kind', async () => {
    await filled();
    change('state-1.log', bytes => {
      const body = FILE_HEAD + FRAME_HEAD;
      bytes.writeUInt8(77, body);
      rewriteChecksum(bytes, FILE_HEAD);
    });
    await isRefused(/another version of mqttrep wrote it \(there is no kind of entry 77\)/);
  });

  it('is refused if another program has a file of the same name', async () => {
    writeFileSync(file('state-7.log'), '2026-01-01 the pump of another program started\n');
    await isRefused(/state-7\.log is left as it is.*does not begin like a store of mqttrep/);
  });

  for (const name of ['state-0.log', 'state-2.log.new']) {
    it(`is refused if ${name} would have to be removed but belongs to another program`, async () => {
      await filled();
      writeFileSync(file(name), '2026-01-01 the pump of another program started\n');
      await isRefused(new RegExp(`${name.replaceAll('.', '\\.')} is left as it is`));
    });
  }

  it('keeps an older file of this version if a later version wrote the newest one', async () => {
    await filled();
    const older = readFileSync(file('state-1.log'));
    writeFileSync(file('state-2.log'), older);
    change('state-2.log', bytes => bytes.writeUInt8(3, FORMAT_AT));
    await isRefused(/state-2\.log is left as it is/);
  });

  it('is opened if there are only similar names', async () => {
    writeFileSync(file('state.log'), 'of another program');
    mkdirSync(file('state-1'));
    await filled();
    const again = await open();
    expect([...again.state.topics]).to.have.lengthOf(2);
    await again.store.close();
    expect(readFileSync(file('state.log'), 'utf8')).to.equal('of another program');
  });

  for (const [what, head] of [
    ['its beginning was overwritten with zeros', Buffer.alloc(100)],
    ['it was left empty', Buffer.alloc(0)],
    ['it was truncated', Buffer.from('mqttr')],
  ] as const) {
    it(`is a damaged store, whose file is renamed and never deleted, if ${what} by a crash`, async () => {
      writeFileSync(file('state-1.log'), head);
      const { store } = await open();
      await store.close();
      expect(log.join()).to.match(/is damaged .*it is now .*damaged-/);
      const aside = readdirSync(folder).find(name => name.startsWith('damaged-')) ?? '';
      expect(readFileSync(file(aside)).equals(head)).to.equal(true);
    });
  }
});

/** The checksum as the writer computes it: over the salt, the position of the frame, and all after the checksum. */
function rewriteChecksum(bytes: Buffer, at: number): void {
  const salt = bytes.subarray(at, at + 8);
  const place = Buffer.alloc(8);
  place.writeDoubleLE(at);
  const end = at + FRAME_HEAD + bytes.readUInt32LE(at + 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 12, end), crc32(place, crc32(salt))), at + 8);
}
