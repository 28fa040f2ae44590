/** Errors and DISCONNECT packets in words, on one line. */

import { type IDisconnectPacket, ReasonCodes } from 'mqtt';

/** The error of the websocket library when a server answers without a websocket. */
const WEBSOCKET_REFUSED = /^Unexpected server response: (\d{3})/;

/** The error of OpenSSL under a websocket: `write EPROTO 80FC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…` */
const OPENSSL = /:SSL routines:[^:]*:([^:]+):/;

/** An error of MQTT.js, of TLS or of the network, with its code; some errors have only a code. */
export function describeError(error: Error): string {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  const inner = error instanceof AggregateError ? error.errors.map(e => (e as Error).message).join(', ') : '';
  // The `message` of OpenSSL names the line of its source that failed.
  const isOpenSsl = typeof reason === 'string' && /^(ERR_SSL|EPROTO)/.test(String(code));
  const openSsl = isOpenSsl ? `TLS: ${reason}` : openSslIn(error.message);
  const [, status] = WEBSOCKET_REFUSED.exec(error.message) ?? [];
  if (status !== undefined)
    return `the websocket was refused with HTTP status ${status}: check the path of the URL, and the proxies in front of the broker`;
  const message = (openSsl || error.message || inner || 'unknown error').trim().replaceAll(/\s+/g, ' ');
  return code === undefined || message.includes(String(code)) ? message : `${message} (${code})`;
}

function openSslIn(message: string): string {
  const [, reason] = OPENSSL.exec(message) ?? [];
  return reason === undefined ? '' : `TLS: ${reason}`;
}

/** What a DISCONNECT of the broker means for the user, by its reason code (MQTT 5 §3.14.2.1). */
const FIXES: ReadonlyMap<number, string> = new Map([
  [0x8e, 'another client has connected with the same client id: give each client its own'],
  [0x93, 'more publishes were in flight than the broker accepts at once'],
  [0x95, 'a packet was larger than the broker accepts'],
  [0x9c, 'the broker refers to another server: correct the URL'],
  [0x9d, 'the broker refers to another server: correct the URL'],
]);

/** Why a broker disconnected: the words of the standard, the reason string of the broker, and how to fix it. */
export function describeDisconnect({ reasonCode = 0, properties }: IDisconnectPacket): string {
  const words = ReasonCodes[reasonCode as keyof typeof ReasonCodes] ?? '';
  const code = `reason code 0x${reasonCode.toString(16).padStart(2, '0')}`;
  const reasonString = properties?.reasonString?.trim().replaceAll(/\s+/g, ' ');
  const parts = [
    words === '' ? code : `${words}, ${code}`,
    FIXES.get(reasonCode),
    reasonString && JSON.stringify(reasonString),
  ];
  return `the broker disconnected (${parts.filter(Boolean).join('; ')})`;
}
