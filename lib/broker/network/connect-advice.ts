/** How a user fixes a connection that failed: what is wrong, and which setting to change. */

import type { BrokerPlaces } from '../../protocol/settings.ts';
import { type ConnectError, SECRET_CODES } from './connect-error.ts';
import { proxyAdvice } from './proxy-advice.ts';
import type { Spoken } from './server-protocol.ts';
import { type Target, targetOf, usualPort } from './target.ts';

/** The broker and its settings, as the user wrote them. */
export interface Attempted {
  readonly url: string;
  readonly places: BrokerPlaces;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Undefined if the message of the error says all that is known. Takes up to some seconds, if it has to ask the server what it
 * speaks. Never rejects.
 */
export async function connectAdvice(error: ConnectError, attempted: Attempted): Promise<string | undefined> {
  const { code, networkCode } = error;
  if (code !== undefined) return adviceForConnack(code, attempted);
  const atProxy = proxyAdvice(networkCode, attempted.places);
  if (atProxy !== undefined) return atProxy;
  const target = targetOf(attempted);
  if (attempted.options['awsSigV4'] !== undefined && error.message.includes('HTTP status 403'))
    return 'AWS refuses the signature: check the keys, that their policy permits iot:Connect, the region, and the clock of this machine';
  const known = networkCode === undefined ? undefined : ADVICE[networkCode]?.(target, attempted);
  if (known !== undefined) return known;
  if (networkCode !== undefined && CERTIFICATE_WANTED.test(networkCode))
    return `the broker wants a certificate of its clients that it trusts: set \`certFile\` and \`keyFile\` in ${attempted.places.options}`;
  if (attempted.options['unixSocket'] !== undefined || attempted.options['servers'] !== undefined)
    return undefined;
  const isReached = !error.message.startsWith('no network connection');
  // The broker may be reached by the proxy only.
  const isDirect = attempted.options['proxy'] === undefined;
  const spoken = isReached && isDirect ? await spokenAt(target) : undefined;
  if (spoken !== undefined) return adviceForProtocol(spoken, target, attempted);
  return adviceForSilence(error, target, attempted);
}

/** The module is loaded here, because it needs TLS. */
async function spokenAt({ host, port }: Target): Promise<Spoken | undefined> {
  return (await import('./server-protocol.ts')).spokenAt(host, port);
}

type Advise = (target: Target, attempted: Attempted) => string;

const unknownAuthority: Advise = (_, { places, options }) =>
  'caFile' in options || 'ca' in options
    ? `the certificate of the broker is not signed by the authority in \`caFile\`: name the file of the right authority in ${places.options}`
    : `mqttrep does not know the authority that signed the certificate of the broker: name the file with its certificate as \`caFile\` in ${places.options}`;

const wrongTime: Advise = () => 'renew the certificate of the broker, or correct the clock of this machine';

const noRoute: Advise = ({ host }, { places }) =>
  `this machine has no route to ${host}: check its network, and the host in ${places.url}`;

/** By the code of an error of the network, of DNS or of TLS. */
const ADVICE: Readonly<Record<string, Advise>> = {
  ENOTFOUND: ({ host }, { places }) =>
    `there is no host ${host}: correct the host in ${places.url}, or the DNS of this machine`,
  EAI_AGAIN: ({ host }) => `no DNS server answers for ${host}: check the network and the DNS of this machine`,
  ECONNREFUSED: ({ host, port }, { places }) =>
    `nothing listens at ${host}, port ${port}: check that the broker runs and listens for other machines (mosquitto without a \`listener\` does not), and the port in ${places.url}`,
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  [SECRET_CODES.file]: () => 'check the path, that the user of mqttrep may read the file, and what writes it',
  [SECRET_CODES.command]: () =>
    'run the command as the user of mqttrep and see what it prints: only the secret, within 10 s, with exit code 0',
  CERT_HAS_EXPIRED: wrongTime,
  CERT_NOT_YET_VALID: wrongTime,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }, { places }) =>
    `the certificate of the broker is not for ${host}: write a name of the certificate in ${places.url}, or as \`servername\` in ${places.options}`,
};

const CERTIFICATE_WANTED =
  /^ERR_SSL_\w*ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)$/;

function adviceForConnack(code: number, { places, options, url }: Attempted): string | undefined {
  switch (code) {
    case 0x01:
    case 0x84:
      return 'protocolVersion' in options
        ? `the broker does not support the version of MQTT in \`protocolVersion\`: remove it from ${places.options}`
        : `the broker supports neither MQTT 5 nor MQTT 3.1.1: set \`protocolVersion\` to 3 in ${places.options}, or update the broker`;
    case 0x02:
    case 0x85:
      return `the broker does not accept the client id: set \`clientId\` in ${places.options} to one that it accepts`;
    case 0x03:
    case 0x88:
    case 0x89:
      return 'the broker is starting, or has too much to do';
    case 0x04:
    case 0x05:
    case 0x86:
    case 0x87:
      return 'username' in options || new URL(url).username !== ''
        ? `check \`username\` and \`password\` in ${places.account}, and whether the account may connect with this client id`
        : `the broker wants a user name and a password: set \`username\` and \`password\` in ${places.account}`;
    case 0x8a:
      return `the broker has banned this client or account: ask its operator, or use another account in ${places.account}`;
    case 0x8c:
      return `the broker wants another \`authenticationMethod\`: set it in \`properties\` of ${places.options}, or correct ${places.url}`;
    case 0x9c:
    case 0x9d:
      return `the broker refers to another server: correct ${places.url}`;
    default:
      return undefined;
  }
}

/** Undefined if the server speaks what was expected. */
function adviceForProtocol(
  { protocol, isTls }: Spoken,
  { scheme, port }: Target,
  { places }: Attempted,
): string | undefined {
  const wantsWeb = scheme.startsWith('ws');
  const wantsTls = scheme.endsWith('s') && scheme !== 'ws';
  const isWeb = protocol === 'web' || (protocol === 'unknown' && wantsWeb);
  if (isWeb === wantsWeb && isTls === wantsTls) return undefined;
  const right = `${isWeb ? 'ws' : 'mqtt'}${isTls ? 's' : ''}`;
  const usual = wantsWeb ? '' : ` (usually ${usualPort(scheme)})`;
  const what = isWeb
    ? `port ${port} is of a web server or a websocket${isTls ? ' with TLS' : ' without TLS'}`
    : `port ${port} speaks ${protocol === 'mqtt' ? 'MQTT' : 'something'} ${isTls ? 'in TLS' : 'without TLS'}${wantsWeb ? ', and no websocket' : ''}`;
  return `${what}: begin ${places.url} with ${right}://, or write the port of ${scheme}://${usual}`;
}

function adviceForSilence(
  { message }: ConnectError,
  { scheme, host, port }: Target,
  { places }: Attempted,
): string | undefined {
  if (message.startsWith('no network connection'))
    return `${host} does not answer at port ${port}: check that it is switched on, its firewall, and ${places.url}`;
  if (message.startsWith('no answer to CONNECT'))
    return `something listens at ${host}, port ${port}, and does not answer: check that it is the broker, and that the broker is well`;
  if (scheme === 'mqtts' || scheme === 'wss')
    return `check that the broker speaks TLS at port ${port}, and whether it wants a certificate of its clients (\`certFile\`, \`keyFile\`)`;
  if (scheme === 'mqtt')
    return `the broker closes the connection and gives no reason: read its log, and check how many connections it allows, and that this account and client id may connect`;
  return undefined;
}
