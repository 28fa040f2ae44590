/** What the errors of MQTT.js tell of the end of a connection. */

/** The reason if nothing is known. */
export const CLOSED = 'the connection was closed';

/** MQTT.js: nothing arrived within connectTimeout, neither the network connection nor the CONNACK. */
export const NO_CONNACK = 'connack timeout';

/** MQTT.js: the broker did not answer a PINGREQ. */
export const KEEPALIVE_TIMEOUT = 'Keepalive timeout';

/** Errors without a code that the parser does not raise. */
const NOT_OF_PARSER: ReadonlySet<string> = new Set([NO_CONNACK, KEEPALIVE_TIMEOUT, 'client disconnecting']);

/** Whether the broker sent something that is not MQTT. Errors of the network and of reason codes have a code. */
export function isParserError(error: Error): boolean {
  // Some brokers send more than one UNSUBACK for an UNSUBSCRIBE. That is harmless.
  if (error.message.startsWith('Protocol error:')) return false;
  return (error as { code?: unknown }).code === undefined && !NOT_OF_PARSER.has(error.message);
}
