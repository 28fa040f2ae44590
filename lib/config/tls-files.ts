/**
 * `caFile`, `certFile` and `keyFile`: PEM files instead of the options `ca`, `cert` and `key` of MQTT.js.
 *
 * mqttrep checks them at the start. Otherwise a wrong file would only cause handshakes that fail repeatedly. No
 * problem repeats the text of a file.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type Fault, type Parsed, show } from './problems.ts';
import { type ReadFile, readTextFile } from './text-file.ts';

/** Each option that names a file, and the option that it replaces. */
const REPLACED = { caFile: 'ca', certFile: 'cert', keyFile: 'key' } as const;
type FileOption = keyof typeof REPLACED;

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;

/** If a user puts the PEM itself here, it must not be shown as a path: it may be a key. */
const NOT_A_PATH = /-----|\n/;

type Options = Readonly<Record<string, unknown>>;

/**
 * The options with the contents of the files, and everything that is wrong with the files.
 *
 * @param scheme that of the broker's url; undefined if the url is wrong
 */
export function withTlsFiles<T extends Options>(
  options: T,
  scheme: string | undefined,
  readFile: ReadFile,
): { readonly options: T; readonly faults: readonly Fault[] } {
  const named = (Object.keys(REPLACED) as FileOption[]).filter(name => options[name] !== undefined);
  if (named.length === 0) return { options, faults: [] };
  const faults = [...withoutTls(named, scheme), ...halfPairs(options)];
  const contents: Record<string, string> = {};
  for (const name of named) {
    const read = readOne(name, options, readFile);
    if ('value' in read) contents[REPLACED[name]] = read.value;
    else faults.push(read);
  }
  const mismatch = keyMismatch(options, contents);
  if (mismatch !== undefined) faults.push(mismatch);
  return { options: { ...options, ...contents }, faults };
}

function withoutTls(named: readonly FileOption[], scheme: string | undefined): Fault[] {
  if (scheme === undefined || scheme === 'mqtts' || scheme === 'wss') return [];
  const secure = scheme === 'ws' ? 'wss' : 'mqtts';
  return [
    {
      problem: `${named.map(name => `\`${name}\``).join(', ')} is given, but ${scheme}:// has no TLS`,
      fix: `begin the url of the broker with ${secure}://, and check its port`,
    },
  ];
}

/** A certificate is useless without its key, and a key without its certificate. */
function halfPairs({ cert, certFile, key, keyFile }: Options): Fault[] {
  const hasCertificate = cert !== undefined || certFile !== undefined;
  const hasKey = key !== undefined || keyFile !== undefined;
  if (hasCertificate === hasKey) return [];
  const [present, absent] = hasCertificate ? ['certFile', 'keyFile'] : ['keyFile', 'certFile'];
  const isFile = hasCertificate ? certFile !== undefined : keyFile !== undefined;
  if (!isFile) return [];
  return [
    { problem: `\`${present}\` is given without \`${absent}\``, fix: `give both: \`${absent}\` is missing` },
  ];
}

function readOne(name: FileOption, options: Options, readFile: ReadFile): Parsed<string> {
  const path = String(options[name]);
  const inline = REPLACED[name];
  if (options[inline] !== undefined) {
    return { problem: `\`${name}\` is given together with \`${inline}\``, fix: 'keep one of the two' };
  }
  if (NOT_A_PATH.test(path)) {
    return {
      problem: `\`${name}\` looks like the PEM itself, not like a path`,
      fix: `write the path of a file, or move the PEM to \`${inline}\``,
    };
  }
  const belongs = name === 'keyFile' ? 'a private key in PEM form' : 'a certificate in PEM form';
  const text = readTextFile(path, readFile, belongs);
  if (!('value' in text)) return { ...text, problem: `\`${name}\`: ${text.problem}` };
  const flaw = name === 'keyFile' ? keyFlaw(text.value, options['passphrase']) : certificateFlaw(text.value);
  if (flaw === undefined) return text;
  return { problem: `\`${name}\`: the file ${show(path)} ${flaw.problem}`, fix: flaw.fix };
}

function certificateFlaw(pem: string): Fault | undefined {
  const certificates = pem.match(CERTIFICATES);
  if (certificates === null) {
    const holds = PRIVATE_KEY.test(pem) ? 'has a private key, not a certificate' : 'has no certificate';
    return { problem: holds, fix: 'name a PEM file with -----BEGIN CERTIFICATE----- in it' };
  }
  const isDamaged = certificates.some(one => parsed(() => new X509Certificate(one)) === undefined);
  if (!isDamaged) return undefined;
  return { problem: 'has a certificate that cannot be read', fix: 'copy the file again: it is damaged' };
}

function keyFlaw(pem: string, passphrase: unknown): Fault | undefined {
  if (!PRIVATE_KEY.test(pem)) {
    const isCertificate = pem.match(CERTIFICATES) !== null;
    const holds = isCertificate ? 'has a certificate, not a private key' : 'has no private key';
    return { problem: holds, fix: 'name a PEM file with -----BEGIN PRIVATE KEY----- in it' };
  }
  if (privateKey(pem, passphrase) !== undefined) return undefined;
  if (!pem.includes('ENCRYPTED')) {
    return { problem: 'has a private key that cannot be read', fix: 'copy the file again: it is damaged' };
  }
  return passphrase === undefined
    ? { problem: 'has an encrypted private key', fix: 'give its passphrase in `passphrase`' }
    : { problem: 'has a private key that `passphrase` does not open', fix: 'correct `passphrase`' };
}

/** A fault if certificate and key are both valid, but do not belong together. */
function keyMismatch(options: Options, contents: Readonly<Record<string, string>>): Fault | undefined {
  const cert = contents['cert'] ?? options['cert'];
  const key = contents['key'] ?? options['key'];
  if (typeof cert !== 'string' || typeof key !== 'string') return undefined;
  const certificate = parsed(() => new X509Certificate(cert));
  const itsKey = privateKey(key, options['passphrase']);
  if (certificate === undefined || itsKey === undefined || certificate.checkPrivateKey(itsKey))
    return undefined;
  return {
    problem: 'the private key does not belong to the certificate',
    fix: 'put this certificate first in its file, and name the key that it was made for',
  };
}

function privateKey(pem: string, passphrase: unknown): KeyObject | undefined {
  const secret = typeof passphrase === 'string' ? { passphrase } : {};
  return parsed(() => createPrivateKey({ key: pem, ...secret }));
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
