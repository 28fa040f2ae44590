/**
 * `usernameFile`, `passwordFile` and `passwordCommand`: mqttrep reads them at each connect. Here it only checks that they can be
 * read, and that no two options say the same. The same goes for the keys of `awsSigV4`.
 */

import { regionOf } from '../protocol/aws-region.ts';
import { hostAndPort, schemeOf } from './broker-url.ts';
import { type Fault, show } from './problems.ts';
import { type ReadFile, readTextFile } from './text-file.ts';

type Options = Readonly<Record<string, unknown>>;

const PASSWORDS = ['password', 'passwordFile', 'passwordCommand'] as const;

const GROUPS = [
  ['username', 'usernameFile'],
  PASSWORDS,
  ['awsCredentialsFile', 'awsCredentialsCommand'],
] as const;

const BELONGS = { usernameFile: 'the user name', passwordFile: 'the password' } as const;

/** @param urls of the broker */
function signatureFaults(options: Options, urls: readonly string[]): readonly Fault[] {
  const { awsSigV4 } = options;
  if (awsSigV4 === undefined || awsSigV4 === false) return [];
  const faults: Fault[] = [];
  for (const url of urls) {
    const scheme = schemeOf(url, options);
    const { host } = hostAndPort(url, options);
    if (!scheme.startsWith('ws')) {
      faults.push({
        problem: `\`awsSigV4\` is given, but ${scheme}:// is no websocket`,
        fix: 'begin the URL of the broker with wss://, or use a certificate (`certFile`, `keyFile`)',
      });
    } else if (awsSigV4 === true && regionOf(host) === undefined) {
      faults.push({
        problem: '`awsSigV4` is true, but the host of the broker tells no region of AWS',
        fix: 'write the region, such as "awsSigV4":"eu-west-1"',
      });
    }
  }
  return faults.slice(0, 1);
}

/**
 * A password needs a user name in MQTT 3.1.1, and in MQTT.js. With an authentication method, a password that is read goes to the
 * data of that method.
 */
function namelessPassword(options: Options, urls: readonly string[]): readonly Fault[] {
  const password = PASSWORDS.find(name => options[name] !== undefined);
  const { authenticationMethod } = Object(options['properties']) as Options;
  const isData = authenticationMethod !== undefined && password !== 'password';
  if (password === undefined || isData) return [];
  if (options['username'] !== undefined || options['usernameFile'] !== undefined) return [];
  if (urls.every(url => new URL(url).username !== '')) return [];
  return [
    {
      problem: `\`${password}\` is given without a user name`,
      fix: 'give `username`, too; a broker that wants only a token ignores it',
    },
  ];
}

/** @param urls of the broker */
export function secretFaults(
  options: Options,
  urls: readonly string[],
  readFile: ReadFile,
): readonly Fault[] {
  const faults: Fault[] = [...signatureFaults(options, urls)];
  for (const group of GROUPS) {
    const [first, second] = group.filter(name => options[name] !== undefined);
    if (first === undefined || second === undefined) continue;
    faults.push({ problem: `\`${second}\` is given together with \`${first}\``, fix: 'keep one of the two' });
  }
  for (const [name, belongs] of Object.entries(BELONGS)) {
    const path = options[name];
    if (typeof path !== 'string') continue;
    const text = readTextFile(path, readFile, belongs);
    if (!('value' in text)) faults.push({ ...text, problem: `\`${name}\`: ${text.problem}` });
    else if (/\n./.test(text.value.trimEnd())) {
      faults.push({
        problem: `\`${name}\`: the file ${show(path)} has more than one line`,
        fix: `write only ${belongs} into it`,
      });
    }
  }
  return faults.length > 0 ? faults : namelessPassword(options, urls);
}
