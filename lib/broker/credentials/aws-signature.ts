/**
 * AWS Signature Version 4 for websockets, as AWS IoT Core wants it: in the query of the URL. It holds for some minutes, so each
 * connect has its own. The keys come from the environment, from a file or from a command; no error repeats them.
 */

import aws4 from 'aws4';
import { regionOf } from '../../protocol/aws-region.ts';
import { ConnectError } from '../network/connect-error.ts';
import { targetOf, usualPort } from '../network/target.ts';
import { outputOf, textOf } from './secrets.ts';

type Options = Readonly<Record<string, unknown>>;

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

const SERVICE = 'iotdevicegateway';
const PATH = '/mqtt';

/**
 * The options with a signed path.
 * @throws ConnectError if there are no keys
 */
export async function withAwsSignature(
  url: string,
  options: Options,
  signal?: AbortSignal,
): Promise<Options> {
  const { awsSigV4 } = options;
  if (awsSigV4 === undefined || awsSigV4 === false) return options;
  const { scheme, host, port } = targetOf({ url, options });
  const region = typeof awsSigV4 === 'string' ? awsSigV4 : regionOf(host);
  if (region === undefined)
    throw failure('`awsSigV4`: the host tells no region; write the region as its value');
  const { accessKeyId, secretAccessKey, sessionToken } = await keysFrom(options, signal);
  const { pathname, search } = new URL(url);
  const path = String(options['path'] ?? `${pathname === '/' ? PATH : pathname}${search}`);
  const signed = aws4.sign(
    {
      service: SERVICE,
      region,
      path,
      signQuery: true,
      headers: { Host: port === usualPort(scheme) ? host : `${host}:${port}` },
    },
    { accessKeyId, secretAccessKey },
  );
  // This service expects the session token in the query, but not among what is signed.
  const token = sessionToken === undefined ? '' : `&X-Amz-Security-Token=${encodeURIComponent(sessionToken)}`;
  return { ...options, path: `${signed.path}${token}` };
}

async function keysFrom(options: Options, signal: AbortSignal | undefined): Promise<Keys> {
  const { awsCredentialsFile: file, awsCredentialsCommand: command } = options;
  if (typeof file === 'string') return keysIn(await textOf('awsCredentialsFile', file), 'awsCredentialsFile');
  if (typeof command === 'string')
    return keysIn(await outputOf('awsCredentialsCommand', command, signal), 'awsCredentialsCommand');
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw failure(
      '`awsSigV4` has no keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name `awsCredentialsFile`',
    );
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN || undefined,
  };
}

/** JSON as a `credential_process` of the AWS tools prints it, or as the metadata service of EC2 answers. */
function keysIn(json: string, option: string): Keys {
  let content: Record<string, unknown>;
  try {
    content = Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    throw failure(`\`${option}\` is no JSON; ${SHAPE}`);
  }
  const { AccessKeyId, SecretAccessKey, SessionToken, Token, Expiration } = content;
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string')
    throw failure(`\`${option}\` has no keys; ${SHAPE}`);
  if (Date.parse(String(Expiration)) <= Date.now())
    throw failure(`\`${option}\`: its keys have expired; renew them, or correct the clock of this machine`);
  const token = SessionToken ?? Token;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: typeof token === 'string' ? token : undefined,
  };
}

const SHAPE =
  'write {"AccessKeyId":"…","SecretAccessKey":"…","SessionToken":"…"}, the last one for temporary keys';

function failure(message: string): ConnectError {
  return new ConnectError(message, { code: undefined, wasConnected: false });
}
