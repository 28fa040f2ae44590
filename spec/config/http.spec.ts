/** Where the status server listens, who may read it, and the errors of its settings. */

import { expect } from 'chai';
import { isLoopback } from '../../lib/config/http.ts';
import { readHttpAccess } from '../../lib/config/read-config.ts';
import { accepted, type Env, errorsOf, readFile, warningsOf } from './reading.ts';

const TOKEN = 's3cret-of-sixteen';

describe('the status server in the configuration', () => {
  describe('MQTTREP_HTTP', () => {
    for (const [text, host, port] of [
      ['9281', '127.0.0.1', 9281],
      ['0', '127.0.0.1', 0],
      ['localhost:80', 'localhost', 80],
      ['127.0.0.2:9280', '127.0.0.2', 9280],
      ['[::1]:9280', '::1', 9280],
      ['"9281"', '127.0.0.1', 9281],
    ] as const) {
      it(`reads ${text} as ${host}, port ${port}, which needs no token`, () => {
        expect(accepted({ MQTTREP_HTTP: text }).http).to.deep.equal({
          host,
          port,
          address: 'chosen',
          token: undefined,
          hosts: [],
          hidesPayloads: false,
          allowsActions: false,
        });
      });
    }

    for (const text of ['off', 'OFF']) {
      it(`reads ${text} as no server`, () =>
        expect(accepted({ MQTTREP_HTTP: text }).http).to.equal(undefined));
    }

    for (const text of ['65536', '-1', 'gateway', 'a:b', '::1:9280', 'http://localhost:9280', '1:2:3']) {
      it(`refuses ${text}`, () => {
        expect(errorsOf({ MQTTREP_HTTP: text })).to.deep.equal([
          `MQTTREP_HTTP: ${JSON.stringify(text)} is not an address to listen at; ` +
            'write a port such as 9280, a host and a port such as 0.0.0.0:9280, or off',
        ]);
      });
    }
  });

  describe('MQTTREP_HTTP_HOSTS', () => {
    it('lists names, in any case', () => {
      const { http } = accepted({ MQTTREP_HTTP_HOSTS: 'mqttrep, MQTTREP.default.svc,' });
      expect(http?.hosts).to.deep.equal(['mqttrep', 'mqttrep.default.svc']);
    });

    for (const text of ['http://mqttrep', 'mqttrep:9280', '*.example', 'a b']) {
      it(`refuses ${text}`, () => {
        expect(errorsOf({ MQTTREP_HTTP_HOSTS: text })).to.deep.equal([
          `MQTTREP_HTTP_HOSTS: ${JSON.stringify(text)} is not the name of a host; ` +
            'write names without scheme, port and wildcards, such as mqttrep,mqttrep.default.svc',
        ]);
      });
    }
  });

  describe('that other machines can reach', () => {
    for (const address of ['0.0.0.0:9280', '[::]:9280', 'gateway.example:80', '192.168.0.7:9280']) {
      it(`needs a token at ${address}`, () => {
        const [error, ...more] = errorsOf({ MQTTREP_HTTP: address });
        expect(more).to.deep.equal([]);
        expect(error)
          .to.match(/^MQTTREP_HTTP: other machines can reach /)
          .and.contain('MQTTREP_HTTP_TOKEN_FILE');
      });

      it(`hides payloads at ${address}, unless MQTTREP_HTTP_PAYLOADS shows them`, () => {
        const env = { MQTTREP_HTTP: address, MQTTREP_HTTP_TOKEN: TOKEN };
        expect(accepted(env).http).to.include({ token: TOKEN, hidesPayloads: true });
        const http = accepted({ ...env, MQTTREP_HTTP_PAYLOADS: 'true' }).http;
        expect(http).to.include({ hidesPayloads: false });
      });
    }

    it('shows payloads on loopback, unless MQTTREP_HTTP_PAYLOADS hides them', () => {
      expect(accepted({ MQTTREP_HTTP_PAYLOADS: 'false' }).http).to.include({ hidesPayloads: true });
    });

    it('allows actions only if MQTTREP_HTTP_ACTIONS says so, and only with a token', () => {
      expect(accepted({ MQTTREP_HTTP_TOKEN: TOKEN }).http).to.include({ allowsActions: false });
      const env = { MQTTREP_HTTP_ACTIONS: 'true', MQTTREP_HTTP_TOKEN: TOKEN };
      expect(accepted(env).http).to.include({ allowsActions: true });
      const [error, ...more] = errorsOf({ MQTTREP_HTTP_ACTIONS: 'true' });
      expect(more).to.deep.equal([]);
      expect(error).to.match(/^MQTTREP_HTTP_ACTIONS: actions need a token.*set MQTTREP_HTTP_TOKEN /);
    });

    it('knows which hosts only this machine can reach', () => {
      for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1'])
        expect(isLoopback(host)).to.equal(true);
      for (const host of ['127.0.0.1.evil.example', '0.0.0.0', '::', '', '1127.0.0.1'])
        expect(isLoopback(host)).to.equal(false);
    });
  });

  describe('the token', () => {
    const beyond = { MQTTREP_HTTP: '0.0.0.0:9280' };

    it('can be in a file, whose line break does not count', () => {
      expect(accepted({ ...beyond, MQTTREP_HTTP_TOKEN_FILE: '/run/token' }).http).to.include({
        token: TOKEN,
      });
    });

    const wrong: [says: string, env: Env, error: RegExp][] = [
      ['in no file', { MQTTREP_HTTP_TOKEN_FILE: '/run/none' }, /^MQTTREP_HTTP_TOKEN_FILE: .*no such file/],
      [
        'in an empty file',
        { MQTTREP_HTTP_TOKEN_FILE: '/run/empty.json' },
        /^MQTTREP_HTTP_TOKEN_FILE: .*empty/,
      ],
      [
        'twice',
        { MQTTREP_HTTP_TOKEN: TOKEN, MQTTREP_HTTP_TOKEN_FILE: '/run/token' },
        /^MQTTREP_HTTP_TOKEN_FILE: it is set together with MQTTREP_HTTP_TOKEN/,
      ],
      [
        'with a blank',
        { MQTTREP_HTTP_TOKEN: 's3cret and more' },
        /^MQTTREP_HTTP_TOKEN: the token has blanks/,
      ],
    ];
    for (const [says, env, error] of wrong) {
      it(`causes one error if it is ${says}`, () => {
        const errors = errorsOf({ ...beyond, ...env });
        expect(errors).to.have.lengthOf(1);
        expect(errors[0]).to.match(error).and.not.contain('s3cret');
      });
    }

    it('causes a warning that does not show it if it is short', () => {
      const [warning] = warningsOf({ ...beyond, MQTTREP_HTTP_TOKEN: 's3cret' });
      expect(warning)
        .to.match(/^MQTTREP_HTTP_TOKEN: the token has only 6 characters/)
        .and.not.contain('s3cret');
    });
  });

  it('is read even if the rest of the configuration is wrong, for commands that only ask it', () => {
    const { http, errors } = readHttpAccess({ MQTTREP_HTTP: '9999', MQTTREP_QOS_x: '7' }, readFile);
    expect(errors).to.deep.equal([]);
    expect(http).to.include({ port: 9999 });
    const off = readHttpAccess({ MQTTREP_HTTP: 'off', MQTTREP_HTTP_TOKEN: TOKEN }, readFile);
    expect(off).to.deep.equal({ http: undefined, token: TOKEN, errors: [] });
    expect(readHttpAccess({ MQTTREP_HTTP: 'x' }, readFile).errors).to.have.lengthOf(1);
  });
});
