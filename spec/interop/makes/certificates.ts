/** A certificate authority and a server certificate for loopback, made for each run. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../../support/temp-folder.ts';

export interface Certificates {
  /** PEM. */
  readonly ca: string;
  readonly certFile: string;
  readonly keyFile: string;
}

let made: Certificates | undefined;

/** Needs `openssl`. */
export function certificates(): Certificates {
  made ??= make(tempFolder('certificates'));
  return made;
}

function make(folder: string): Certificates {
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=test',
    '-days',
    '2',
  );
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.crt', ...signed);
  return {
    ca: readFileSync(join(folder, 'ca.crt'), 'utf8'),
    certFile: join(folder, 'server.crt'),
    keyFile: join(folder, 'server.key'),
  };
}
