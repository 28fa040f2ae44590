/** What an error of MQTT.js, of TLS or of the network says, on one line, with its code; some have only a code. */
export function describeError(error: Error): string {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  const inner = error instanceof AggregateError ? error.errors.map(e => (e as Error).message).join(', ') : '';
  // OpenSSL says in `message` in which line of its source it failed.
  const openSsl = typeof reason === 'string' && String(code).startsWith('ERR_SSL') ? `TLS: ${reason}` : '';
  const message = (openSsl || error.message || inner || 'unknown error').trim().replaceAll(/\s+/g, ' ');
  return code === undefined || message.includes(String(code)) ? message : `${message} (${code})`;
}
