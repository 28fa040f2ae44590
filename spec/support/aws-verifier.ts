/**
 * Verifies the signature of a websocket as AWS IoT Core does, by the standard for Signature Version 4: canonical request, string to
 * sign, derived key. What it calculates shares nothing with mqttrep.
 */

import { createHash, createHmac } from 'node:crypto';

export interface AwsAccount {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** Temporary keys have one. */
  readonly sessionToken?: string;
}

/** Requests that are older, or from a later time, are refused. */
const TOLERANCE_MS = 5 * 60_000;

/** What is wrong with the request; undefined if it is right. */
export function signatureFault(
  { url, host }: { readonly url: string; readonly host: string },
  account: AwsAccount,
): string | undefined {
  const [path = '', queryText = ''] = url.split('?');
  const query = new Map(
    queryText.split('&').map(pair => pair.split('=').map(decodeURIComponent) as [string, string]),
  );
  const date = query.get('X-Amz-Date') ?? '';
  const at = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (!(Math.abs(at - Date.now()) < TOLERANCE_MS)) return `its date is ${date}`;
  const scope = `${date.slice(0, 8)}/${account.region}/iotdevicegateway/aws4_request`;
  if (query.get('X-Amz-Credential') !== `${account.accessKeyId}/${scope}`) return 'another credential';
  if (query.get('X-Amz-Security-Token') !== account.sessionToken) return 'another session token';
  if (path !== '/mqtt') return `the path is ${path}`;
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature' && name !== 'X-Amz-Security-Token')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
  const request = ['GET', path, canonicalQuery, `host:${host}`, '', 'host', sha256('')].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n');
  const key = scope
    .split('/')
    .reduce((above: string | Buffer, part) => hmac(above, part), `AWS4${account.secretAccessKey}`);
  const signature = hmac(key, toSign).toString('hex');
  return query.get('X-Amz-Signature') === signature ? undefined : 'another signature';
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
