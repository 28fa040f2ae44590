/** `mqttrep init` asks for two brokers, tries them, and writes a file that `mqttrep run --config` takes. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { TestClient } from '../support/client.ts';
import { requireMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { TestBroker } from '../support/test-broker.ts';
import { command } from './command.ts';

describe('mqttrep init', function () {
  this.timeout(60_000);

  let brokers: readonly TestBroker[];
  let folder: string;

  before(async function () {
    requireMosquitto(this);
    brokers = [await startMosquitto(), await startMosquitto()];
    const [first] = brokers;
    const client = await TestClient.connect(first?.url ?? '');
    await client.publish('home/door', 'open', { retain: true });
    await client.end();
  });

  after(async () => {
    for (const broker of brokers ?? []) await broker.stop();
  });

  beforeEach(() => {
    folder = tempFolder('init');
  });

  /** Runs it in the folder with these lines as answers. */
  async function init(answers: readonly string[], args: readonly string[] = []) {
    const child = spawn(process.execPath, [resolve('dist/bin/mqttrep.js'), 'init', ...args], { cwd: folder });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdin.end(answers.map(answer => `${answer}\n`).join(''));
    const code = await new Promise<number | null>(done => child.once('close', done));
    return { code, stdout, stderr };
  }

  const url = (index: number) => brokers[index]?.url ?? '';

  it('writes a file, and prints in which topics the brokers differ', async () => {
    const { code, stdout } = await init([url(0), 'oslo', url(1), '', 'home/#']);
    expect(code).to.equal(0);
    expect(stdout)
      .to.contain('oslo can be reached')
      .and.to.contain('"home/door"')
      .and.to.contain('mqttrep run --config');
    const checked = await command(['check', '--config', join(folder, 'mqttrep.yaml')], {});
    expect(checked.stdout).to.contain('The configuration is valid: 2 brokers, 1 topic filter.');
    expect(readFileSync(join(folder, 'mqttrep.yaml'), 'utf8')).to.contain(
      `oslo: ${url(0)}\n  broker: ${url(1)}`,
    );
  });

  it('asks again after an answer that cannot be, and after a broker that cannot be reached', async () => {
    const { code, stdout } = await init([
      ...['oslo', 'mqtt://127.0.0.1:1', 'my broker', 'oslo', 'no'],
      ...[url(0), 'oslo', url(1), 'oslo', 'paris', 'home/#/a', ''],
    ]);
    expect(code).to.equal(0);
    expect(stdout)
      .to.contain('does not begin with mqtt://')
      .and.to.contain('this is not a name')
      .and.to.contain('oslo cannot be reached: connect ECONNREFUSED')
      .and.to.contain('the other broker has this name')
      .and.to.contain('this is not a topic filter');
    expect(readFileSync(join(folder, 'mqttrep.yaml'), 'utf8'))
      .to.contain('paris: ')
      .and.to.contain('- "#"');
  });

  it('keeps a password out of the file', async () => {
    const [first = ''] = [url(0).replace('://', '://duck:s3cret@')];
    const { stdout } = await init([first, 'oslo', url(1), 'paris', ''], ['other.yaml']);
    const text = readFileSync(join(folder, 'other.yaml'), 'utf8');
    expect(text).not.to.contain('s3cret');
    expect(stdout).to.contain('It needs OSLO_PASSWORD in the environment').and.not.to.contain('s3cret');
    const shown = await command(['config', '--config', join(folder, 'other.yaml')], {
      OSLO_PASSWORD: 's3cret',
    });
    expect({ code: shown.code, stderr: shown.stderr }).to.deep.equal({ code: 0, stderr: '' });
  });

  it('writes nothing if the input ends, and does not touch a file that exists', async () => {
    expect(await init([url(0), 'oslo'])).to.include({ code: 1 });
    expect(existsSync(join(folder, 'mqttrep.yaml'))).to.equal(false);
    writeFileSync(join(folder, 'mqttrep.yaml'), 'mine');
    const { code, stderr } = await init([]);
    expect(code).to.equal(1);
    expect(stderr).to.contain('mqttrep.yaml exists already');
    expect(readFileSync(join(folder, 'mqttrep.yaml'), 'utf8')).to.equal('mine');
  });
});
