/** A full disk: here, a process with a limit for the size of files. */

import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { DiskStore } from '../../lib/store/disk-store.ts';
import { killAtExit } from '../support/kill-at-exit.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { largePayload } from './topics.ts';

/** The limit for a file, in bytes. */
const LIMIT = 300_000;

interface Told {
  readonly number: number;
  readonly failure?: string;
}

describe('A store on a full disk', () => {
  before(function () {
    // Who limits another process, and lifts the limit again, is a tool of Linux.
    if (process.platform !== 'linux') this.skip();
  });

  it('logs the error, keeps its state, and continues when there is room again', async function () {
    this.timeout(60_000);
    const folder = tempFolder('full');
    const child = fork(join(import.meta.dirname, 'filling-child.js'), [folder]);
    killAtExit(child);
    const limit = (bytes: string) =>
      execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}`]);
    limit(`${LIMIT}:unlimited`);
    const next = async (): Promise<Told> => (await once(child, 'message'))[0];
    let told = await next();
    while (told.failure === undefined) {
      child.send('on');
      told = await next();
    }
    expect(told.failure).to.match(/cannot be used \(.*EFBIG.*\): check .* the free space/);
    expect(await kept(folder)).to.equal(told.number - 1);
    child.send('on');
    expect((await next()).failure).to.match(/EFBIG/);
    limit('unlimited:unlimited');
    child.send('on');
    told = await next();
    expect(told.failure).to.equal(undefined);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await kept(folder)).to.equal(told.number);
  });
});

/** The last number that is stored; it must be the same for every topic. */
async function kept(folder: string): Promise<number> {
  const store = new DiskStore(folder, ['A', 'B']);
  const { topics } = await store.load();
  const winners = new Map([...topics].map(([topic, { register }]) => [topic, register.winner?.payload]));
  const numbers = [...winners].filter(([topic]) => topic.startsWith('t')).map(([, payload]) => payload);
  await store.close();
  expect(new Set(numbers).size, 'one commit writes all topics').to.equal(1);
  const last = Number(numbers[0]);
  for (let number = 0; number <= last; number++)
    expect(winners.get(`large${number}`), `large${number}`).to.equal(largePayload(number));
  return last;
}
