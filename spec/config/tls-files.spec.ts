/** Certificates and keys come from files, and mqttrep reports a wrong file before it starts anything. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeConfig } from '../../lib/config/effective.ts';
import { readConfig } from '../../lib/config/read-config.ts';
import { type Certificates, certificates, requireOpenssl } from '../support/certificates.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type Env, SOUND } from './reading.ts';

const VARIABLE = 'MQTTREP_CONFIG_paris';

function read(options: object, env: Env = {}) {
  const all = { ...SOUND, [VARIABLE]: JSON.stringify(options), ...env };
  return readConfig(all, path => readFileSync(path, 'utf8'));
}

function errors(options: object, env: Env = {}): string[] {
  const result = read(options, env);
  if (result.ok) return [];
  for (const { variable } of result.errors) expect(variable).to.equal(VARIABLE);
  return result.errors.map(({ problem, fix }) => `${problem}; ${fix}`);
}

describe('TLS files', () => {
  let files: Certificates;
  let folder: string;

  before(function () {
    this.timeout(40_000);
    requireOpenssl(this);
    files = certificates();
    folder = tempFolder('tls');
  });

  function written(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  it('are read into the options of the connection', () => {
    const { cert, key } = files.client;
    const result = read({ caFile: files.ca, certFile: cert, keyFile: key, servername: 'x' });
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    expect(result.config.brokers[1]?.options).to.include({
      ca: readFileSync(files.ca, 'utf8'),
      cert: readFileSync(cert, 'utf8'),
      key: readFileSync(key, 'utf8'),
      servername: 'x',
    });
  });

  it('are shown by their paths, without their contents', () => {
    const { cert, key } = files.client;
    const result = read({ caFile: files.ca, certFile: cert, keyFile: key });
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    const { data, text } = describeConfig(result.config);
    expect(data.brokers[1]?.options).to.deep.equal({ caFile: files.ca, certFile: cert, keyFile: key });
    expect(text).to.contain(`caFile ${files.ca}`).and.not.contain('BEGIN');
  });

  it('can have an encrypted key, which the passphrase opens', () => {
    const options = { certFile: files.client.cert, keyFile: files.encryptedKey };
    expect(errors({ ...options, passphrase: 'quack' })).to.deep.equal([]);
    expect(errors(options)[0]).to.contain('encrypted private key').and.contain('`passphrase`');
    expect(errors({ ...options, passphrase: 'wrong' })[0]).to.contain('`passphrase` does not open');
  });

  it('can have several certificates, and the key in the file of the certificate', () => {
    const both = readFileSync(files.client.cert, 'utf8') + readFileSync(files.client.key, 'utf8');
    const one = written('both.pem', both);
    const chain = readFileSync(files.ca, 'utf8') + readFileSync(files.otherCa, 'utf8');
    const caFile = written('chain.pem', chain);
    expect(errors({ caFile, certFile: one, keyFile: one })).to.deep.equal([]);
  });

  it('cause an error for each that is missing', () => {
    const found = errors({ caFile: '/nowhere/ca.pem', certFile: '/nowhere/c.pem', keyFile: folder });
    expect(found).to.have.length(3);
    expect(found[0]).to.contain('`caFile`').and.contain('"/nowhere/ca.pem"').and.contain('no such file');
    expect(found[1]).to.contain('`certFile`').and.contain('"/nowhere/c.pem"').and.contain('no such file');
    expect(found[2]).to.contain('`keyFile`').and.contain('it is a folder');
  });

  it('cause an error if they are empty, damaged or not PEM', () => {
    const pem = readFileSync(files.ca, 'utf8');
    const damaged = written('damaged.pem', pem.replace(/\n.{20}/, '\n'));
    const empty = written('empty.pem', '\n');
    const der = written('ca.der', '\u0030\u0082\u0001');
    expect(errors({ caFile: empty })[0]).to.contain('is empty');
    expect(errors({ caFile: der })[0])
      .to.contain('has no certificate')
      .and.contain('BEGIN CERTIFICATE');
    expect(errors({ caFile: damaged })[0]).to.contain('cannot be read');
  });

  it('cause an error if key and certificate are swapped', () => {
    const { cert, key } = files.client;
    const found = errors({ certFile: key, keyFile: cert });
    expect(found[0]).to.contain('`certFile`').and.contain('has a private key, not a certificate');
    expect(found[1]).to.contain('`keyFile`').and.contain('has a certificate, not a private key');
  });

  it('cause an error if the key or the certificate is missing, or if they do not belong together', () => {
    const { cert, key } = files.client;
    expect(errors({ certFile: cert })[0]).to.contain('without `keyFile`');
    expect(errors({ keyFile: key })[0]).to.contain('without `certFile`');
    expect(errors({ certFile: cert, keyFile: files.server.key })[0]).to.contain(
      'does not belong to the certificate',
    );
  });

  it('are checked as a pair even if something else is wrong', () => {
    const { cert } = files.client;
    const found = errors({ caFile: '/nowhere/ca.pem', certFile: cert, keyFile: files.server.key });
    expect(found).to.have.length(2);
  });

  it('cause an error together with the same option as text', () => {
    const ca = readFileSync(files.ca, 'utf8');
    expect(errors({ ca, caFile: files.ca })[0]).to.contain('together with `ca`');
  });

  it('cause an error at a broker whose url has no TLS', () => {
    const options = JSON.stringify({ caFile: files.ca });
    const result = read({}, { MQTTREP_CONFIG_oslo: options });
    const [problem] = result.ok ? [] : result.errors;
    expect(problem).to.include({ variable: 'MQTTREP_CONFIG_oslo' });
    expect(problem?.problem).to.contain('`caFile`').and.contain('mqtt://');
    expect(problem?.fix).to.contain('mqtts://');
  });

  it('cause an error that does not repeat the contents, if the contents are given instead of a path', () => {
    const key = readFileSync(files.client.key, 'utf8');
    const [error] = errors({ certFile: files.client.cert, keyFile: key });
    expect(error).to.contain('`keyFile` looks like the PEM itself');
    expect(error).not.to.contain(key.split('\n')[1]);
  });
});
