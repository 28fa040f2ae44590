/** Files with user names and passwords are checked at the start, and their contents stay out of the configuration. */

import { expect } from 'chai';
import { describeConfig } from '../../lib/config/effective.ts';
import { accepted, errorsOf } from './reading.ts';

const CONFIG = 'MQTTREP_CONFIG_oslo';
const of = (options: object) => ({ [CONFIG]: JSON.stringify(options) });

describe('passwordFile, usernameFile and passwordCommand', () => {
  it('stay as they are: a worker reads them at each connect', () => {
    const options = { passwordFile: '/run/token', usernameFile: '/run/token' };
    expect(accepted(of(options)).brokers[0]?.options).to.deep.equal(options);
  });

  it('are shown as paths, and a command is masked', () => {
    const shown = (options: object) => describeConfig(accepted(of(options))).data.brokers[0]?.options;
    const usernameFile = '/run/token';
    expect(shown({ usernameFile, passwordFile: '/run/token' })).to.deep.equal({
      usernameFile,
      passwordFile: '/run/token',
    });
    expect(shown({ usernameFile, passwordCommand: 'get s3cret' })).to.deep.equal({
      usernameFile,
      passwordCommand: '***',
    });
  });

  const errors: readonly (readonly [options: object, words: string])[] = [
    [{ passwordFile: '/nowhere' }, '`passwordFile`: the file "/nowhere" cannot be read'],
    [
      { passwordFile: '/run/empty.json' },
      '`passwordFile`: the file "/run/empty.json" is empty; write the password into it',
    ],
    [{ passwordFile: '/run/broken.json' }, 'has more than one line'],
    [{ password: 'a', passwordFile: '/run/token' }, '`passwordFile` is given together with `password`'],
    [
      { passwordCommand: 'a', passwordFile: '/run/token' },
      '`passwordCommand` is given together with `passwordFile`',
    ],
    [{ username: 'a', usernameFile: '/run/token' }, '`usernameFile` is given together with `username`'],
    [{ passwordCommand: '' }, '`passwordCommand` is an empty string; give `passwordCommand` as a command'],
  ];
  for (const [options, words] of errors) {
    it(`are refused: ${JSON.stringify(options)}`, () => {
      const found = errorsOf(of(options));
      expect(found).to.have.lengthOf(1);
      expect(found[0]).to.contain(words);
    });
  }
});
