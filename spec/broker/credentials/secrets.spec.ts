/** User name, password and certificates from files and from a command, read at each connect and within limits. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { hasSecrets, secretIn, withSecrets } from '../../../lib/broker/credentials/secrets.ts';
import { connectAdvice } from '../../../lib/broker/network/connect-advice.ts';
import type { ConnectError } from '../../../lib/broker/network/connect-error.ts';
import { placesByVariables } from '../../../lib/config/broker-places.ts';
import { eventually } from '../../support/eventually.ts';
import { tempFolder } from '../../support/temp-folder.ts';

describe('withSecrets', () => {
  const folder = tempFolder('secrets');

  function written(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  async function failureOf(
    options: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<string> {
    try {
      await withSecrets(options, signal);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it gives options');
  }

  it('reads user name and password without the line break at the end', async () => {
    const usernameFile = written('user', 'duck\n');
    const passwordFile = written('password', '\uFEFF s3cret \r\n');
    expect(await withSecrets({ usernameFile, passwordFile, keepalive: 7 })).to.include({
      username: 'duck',
      password: ' s3cret ',
      keepalive: 7,
    });
  });

  it('reads certificates unchanged, in place of what the options had', async () => {
    const caFile = written('ca', 'pem of a\n');
    expect(await withSecrets({ caFile, ca: 'old' })).to.include({ ca: 'pem of a\n' });
  });

  it('reads a file again each time', async () => {
    const passwordFile = written('changing', 'one');
    expect(await withSecrets({ passwordFile })).to.include({ password: 'one' });
    written('changing', 'two');
    expect(await withSecrets({ passwordFile })).to.include({ password: 'two' });
  });

  it('waits a moment for a file that is emptied and written again', async () => {
    const passwordFile = written('rewritten', '');
    const reading = withSecrets({ passwordFile });
    await new Promise(resolve => setTimeout(resolve, 50));
    written('rewritten', 's3cret');
    expect(await reading).to.include({ password: 's3cret' });
  });

  it('takes what a command prints', async () => {
    expect(await withSecrets({ passwordCommand: 'echo s3cret; echo noise >&2' })).to.include({
      password: 's3cret',
    });
  });

  it('gives the secret to the authentication method, in place of a password', async () => {
    const properties = { authenticationMethod: 'OAUTH2-JWT' };
    const options = await withSecrets({ passwordCommand: 'echo token', properties });
    expect(options).not.to.have.property('password');
    expect(options['properties']).to.deep.equal({ ...properties, authenticationData: Buffer.from('token') });
    expect(secretIn(options)).to.equal('token');
    const given = { ...properties, authenticationData: 'other' };
    expect(await withSecrets({ passwordCommand: 'echo token', properties: given })).to.deep.include({
      password: 'token',
      properties: given,
    });
  });

  const failures: readonly (readonly [options: Readonly<Record<string, unknown>>, words: string])[] = [
    [{ passwordFile: '/nowhere' }, '`passwordFile`: the file "/nowhere" cannot be read (ENOENT)'],
    [{ passwordFile: written('empty', '\n') }, '/empty" is empty'],
    [{ caFile: written('large', 'x'.repeat(1024 * 1024 + 1)) }, '/large" is longer than'],
    [{ passwordCommand: 'echo s3cret; exit 3' }, '`passwordCommand` ended with exit code 3'],
    [{ passwordCommand: 'true' }, '`passwordCommand` printed nothing'],
    [{ passwordCommand: 'kill -9 $$' }, '`passwordCommand` ended with SIGKILL'],
    [{ passwordCommand: 'while :; do echo s3cret-s3cret-s3cret; done' }, 'printed more than 65536 bytes'],
  ];
  for (const [options, words] of failures) {
    it(`fails without a secret in the message: ${JSON.stringify(options).slice(0, 60)}`, async () => {
      const message = await failureOf(options);
      expect(message).to.contain(words).and.not.to.contain('s3cret');
    });
  }

  const fixes: readonly (readonly [options: Readonly<Record<string, unknown>>, fix: string])[] = [
    [{ passwordFile: '/nowhere' }, 'check the path, that the user of mqttrep may read the file'],
    [{ passwordCommand: 'exit 3' }, 'run the command as the user of mqttrep'],
  ];
  for (const [options, fix] of fixes) {
    it(`fails with the fix, and not with that of a broker: ${JSON.stringify(options)}`, async () => {
      const error = (await withSecrets(options).catch((reason: unknown) => reason)) as ConnectError;
      const url = 'mqtts://127.0.0.1:1';
      expect(await connectAdvice(error, { places: placesByVariables('OSLO'), url, options })).to.contain(fix);
    });
  }

  it('ends the command, and what it has started, when the connection is given up', async () => {
    const started = join(folder, 'started');
    const giveUp = new AbortController();
    const failed = failureOf(
      { passwordCommand: `sleep 60 & echo $! > ${started}.new; mv ${started}.new ${started}; wait` },
      giveUp.signal,
    );
    await eventually(() => expect(existsSync(started)).to.equal(true));
    giveUp.abort();
    expect(await failed).to.equal('`passwordCommand` was ended');
    const pid = Number(readFileSync(started, 'utf8'));
    await eventually(() => expect(() => process.kill(pid, 0)).to.throw());
  });

  it('is only needed where an option names a file or a command', () => {
    expect(hasSecrets({ password: 'a', ca: 'b' })).to.equal(false);
    expect(hasSecrets({ passwordCommand: 'a' })).to.equal(true);
  });
});
