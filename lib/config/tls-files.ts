/**
 * `caFile`, `certFile` and `keyFile`: PEM files in place of the options `ca`, `cert` and `key` of MQTT.js.
 *
 * They are read and looked into at the start, for a wrong one would show itself only as a handshake that
 * fails over and over. No text of a file is ever repeated in a problem.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type Fault, type Parsed, show } from './problems.ts';
import { type ReadFile, readTextFile } from './text-file.ts';

/** Each option that names a file, and the option that it stands for. */
const STANDS_FOR = { caFile: 'ca', certFile: 'cert', keyFile: 'key' } as const;
type FileOption = keyof typeof STANDS_FOR;

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;

/** A path that is PEM itself would spill a key when it is shown. */
const NO_PATH = /-----|\n/;

type Options = Readonly<Record<string, unknown>>;

/**
 * The options with the contents of the files in their places, and all that is wrong with the files.
 *
 * @param scheme that of the broker's url, where that can be read
 */
export function withTlsFiles<T extends Options>(
  options: T,
  scheme: string | undefined,
  readFile: ReadFile,
): { readonly options: T; readonly faults: readonly Fault[] } {
  const named = (Object.keys(STANDS_FOR) as FileOption[]).filter(name => options[name] !== undefined);
  if (named.length === 0) return { options, faults: [] };
  const faults = [...useless(named, scheme), ...halfPairs(options)];
  const contents: Record<string, string> = {};
  for (const name of named) {
    const read = readOne(name, options, readFile);
    if ('value' in read) contents[STANDS_FOR[name]] = read.value;
    else faults.push(read);
  }
  const strangers = notAPair(options, contents);
  if (strangers !== undefined) faults.push(strangers);
  return { options: { ...options, ...contents }, faults };
}

function useless(named: readonly FileOption[], scheme: string | undefined): Fault[] {
  if (scheme === undefined || scheme === 'mqtts' || scheme === 'wss') return [];
  const secure = scheme === 'ws' ? 'wss' : 'mqtts';
  return [
    {
      problem: `${named.map(name => `\`${name}\``).join(', ')} is given, but ${scheme}:// knows no TLS`,
      fix: `begin the url of the broker with ${secure}://, and check its port`,
    },
  ];
}

/** A certificate without its key proves nothing, nor does a key alone. */
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
  const inline = STANDS_FOR[name];
  if (options[inline] !== undefined) {
    return { problem: `\`${name}\` is given together with \`${inline}\``, fix: 'keep one of the two' };
  }
  if (NO_PATH.test(path)) {
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
    const holds = PRIVATE_KEY.test(pem) ? 'holds a private key, not a certificate' : 'holds no certificate';
    return { problem: holds, fix: 'name a PEM file with -----BEGIN CERTIFICATE----- in it' };
  }
  const isDamaged = certificates.some(one => parsed(() => new X509Certificate(one)) === undefined);
  if (!isDamaged) return undefined;
  return { problem: 'holds a certificate that cannot be read', fix: 'copy it anew, it is damaged' };
}

function keyFlaw(pem: string, passphrase: unknown): Fault | undefined {
  if (!PRIVATE_KEY.test(pem)) {
    const isCertificate = pem.match(CERTIFICATES) !== null;
    const holds = isCertificate ? 'holds a certificate, not a private key' : 'holds no private key';
    return { problem: holds, fix: 'name a PEM file with -----BEGIN PRIVATE KEY----- in it' };
  }
  if (privateKey(pem, passphrase) !== undefined) return undefined;
  if (!pem.includes('ENCRYPTED')) {
    return { problem: 'holds a private key that cannot be read', fix: 'copy it anew, it is damaged' };
  }
  return passphrase === undefined
    ? { problem: 'holds an encrypted private key', fix: 'give its passphrase in `passphrase`' }
    : { problem: 'holds a private key that `passphrase` does not open', fix: 'correct `passphrase`' };
}

/** Whether certificate and key, both sound by themselves, belong together. */
function notAPair(options: Options, contents: Readonly<Record<string, string>>): Fault | undefined {
  const cert = contents['cert'] ?? options['cert'];
  const key = contents['key'] ?? options['key'];
  if (typeof cert !== 'string' || typeof key !== 'string') return undefined;
  const certificate = parsed(() => new X509Certificate(cert));
  const itsKey = privateKey(key, options['passphrase']);
  if (certificate === undefined || itsKey === undefined || certificate.checkPrivateKey(itsKey))
    return undefined;
  return {
    problem: 'the private key is not that of the certificate',
    fix: 'name the certificate first in its file, and the key that it was made for',
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
