/**
 * Certificates for one test run, made by the installed openssl: Node.js itself can only make keys.
 *
 * There are two independent authorities. Each has signed a certificate of a server (for `localhost` and 127.0.0.1). The
 * first one has also signed one for another name, and one of a client.
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './temp-folder.ts';

/** Paths of PEM files. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** The certificate of the authority. */
  readonly ca: string;
  readonly server: Pair;
  /** The certificate of a server with the name `broker.example`. */
  readonly elsewhere: Pair;
  readonly client: Pair;
  /** The client's key, encrypted with `quack`. */
  readonly encryptedKey: string;
  /** The certificate of the other authority, which has signed none of these. */
  readonly otherCa: string;
  /** A client's certificate of that other authority. */
  readonly otherClient: Pair;
}

let made: Certificates | undefined;
let isMissing: boolean | undefined;

/** Skips the calling test or suite if openssl is missing; throws in CI, where it must be installed. */
export function requireOpenssl(context: Mocha.Context): void {
  isMissing ??= !runs();
  if (!isMissing) return;
  if (process.env.CI === 'true') throw new Error('openssl is not installed (apt install openssl)');
  context.skip();
}

/** The certificates are made at the first call. */
export function certificates(): Certificates {
  made ??= makeAll(tempFolder('certificates'));
  return made;
}

function runs(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log('skipped: openssl is not installed (apt install openssl)');
    return false;
  }
}

function makeAll(folder: string): Certificates {
  const ca = authority(folder, 'ca');
  const other = authority(folder, 'other');
  const here = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const client = signed(folder, 'client', ca, 'extendedKeyUsage=clientAuth');
  const encryptedKey = join(folder, 'encrypted.key');
  openssl('pkcs8', '-topk8', '-in', client.key, '-out', encryptedKey, '-passout', 'pass:quack');
  return {
    ca: ca.cert,
    server: signed(folder, 'server', ca, here),
    elsewhere: signed(folder, 'elsewhere', ca, 'subjectAltName=DNS:broker.example'),
    client,
    encryptedKey,
    otherCa: other.cert,
    otherClient: signed(folder, 'stranger', other, 'extendedKeyUsage=clientAuth'),
  };
}

function authority(folder: string, name: string): Pair {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  makeKey(pair.key);
  openssl('req', '-x509', '-new', '-key', pair.key, '-subj', `/CN=${name}`, '-days', '2', '-out', pair.cert);
  return pair;
}

function signed(folder: string, name: string, by: Pair, extension: string): Pair {
  const pair = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, `${extension}\n`);
  makeKey(pair.key);
  openssl('req', '-new', '-key', pair.key, '-subj', `/CN=${name}`, '-out', request);
  const authorityOptions = ['-CA', by.cert, '-CAkey', by.key, '-CAcreateserial'];
  const options = ['-extfile', extensions, '-days', '2', '-out', pair.cert];
  openssl('x509', '-req', '-in', request, ...authorityOptions, ...options);
  return pair;
}

function makeKey(path: string): void {
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path);
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
