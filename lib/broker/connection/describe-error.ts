import { type IDisconnectPacket, ReasonCodes } from 'mqtt';

/** What the websocket library says where a server answers, but not with a websocket. */
const WEBSOCKET_REFUSED = /^Unexpected server response: (\d{3})/;

/** What an error of MQTT.js, of TLS or of the network says, on one line, with its code; some have only a code. */
export function describeError(error: Error): string {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  const inner = error instanceof AggregateError ? error.errors.map(e => (e as Error).message).join(', ') : '';
  // OpenSSL says in `message` in which line of its source it failed.
  const openSsl = typeof reason === 'string' && String(code).startsWith('ERR_SSL') ? `TLS: ${reason}` : '';
  const [, status] = WEBSOCKET_REFUSED.exec(error.message) ?? [];
  if (status !== undefined)
    return `the websocket was refused with HTTP status ${status}: check the path of the URL, and the proxies before the broker`;
  const message = (openSsl || error.message || inner || 'unknown error').trim().replaceAll(/\s+/g, ' ');
  return code === undefined || message.includes(String(code)) ? message : `${message} (${code})`;
}

/** What to do about a DISCONNECT of the broker, by its reason code (MQTT 5 §3.14.2.1). */
const FIXES: ReadonlyMap<number, string> = new Map([
  [0x8e, 'another client has connected with the same client id: give each its own'],
  [0x93, 'more publishes were in flight than it takes at once'],
  [0x95, 'a packet was larger than it takes'],
  [0x9c, 'it names another address in its place: correct the URL'],
  [0x9d, 'it names another address in its place: correct the URL'],
]);

/** Why a broker disconnected, on one line: the words of the standard, those of the broker, and what to do. */
export function describeDisconnect({ reasonCode = 0, properties }: IDisconnectPacket): string {
  const words = ReasonCodes[reasonCode as keyof typeof ReasonCodes] ?? '';
  const code = `reason code 0x${reasonCode.toString(16).padStart(2, '0')}`;
  const said = properties?.reasonString?.trim().replaceAll(/\s+/g, ' ');
  const parts = [
    words === '' ? code : `${words}, ${code}`,
    FIXES.get(reasonCode),
    said && JSON.stringify(said),
  ];
  return `the broker disconnected (${parts.filter(Boolean).join('; ')})`;
}
