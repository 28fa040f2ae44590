/**
 * The token of a server that requires one. It comes in the fragment of the address, `#token=…`, which browsers do not send
 * and servers do not log, or the user types it. It is kept until the tab is closed.
 */

/** Two servers may be below two paths of one host, each with its own token. */
const KEY = `mqttrep-token ${new URL('.', location.href).pathname}`;

/** Removes a token from the address, so that it is not visible any more, and remembers it. */
export function takeTokenFromAddress(): void {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token === null) return;
  rememberToken(token);
  fragment.delete('token');
  const rest = fragment.size > 0 ? `#${fragment}` : '';
  history.replaceState(null, '', location.pathname + location.search + rest);
}

export function rememberToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function token(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}
