/** Masks a value that can hold a secret. In doubt it hides too much: a text that it cannot parse is hidden completely. */

export const MASK = '***';

/** Scheme, user information up to the last `@`, host and port, path, query or fragment. */
const URL_SHAPE =
  /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*@)?([\w.-]+(?::\d*)?|\[[0-9a-f:.]*\](?::\d*)?|)(\/[^?#]*)?([?#].*)?$/is;

/**
 * A url without user information, query and fragment, even if it is malformed. It hides everything before the last `@`,
 * and so also a user name or password with unescaped `/`, `?`, `#` or `@`.
 */
export function maskUrl(text: string): string {
  const shape = URL_SHAPE.exec(text);
  if (shape === null) return MASK;
  const [, scheme, userInfo, host = '', path = '', extra] = shape;
  // Users often forget the scheme, so `broker:1883` is shown. Any other bare word may be a secret.
  if (scheme === undefined && userInfo === undefined && !/:\d+$/.test(host)) return MASK;
  if (scheme === undefined && path !== '') return MASK;
  const start = scheme === undefined ? '' : `${scheme}://`;
  return `${start}${userInfo === undefined ? '' : `${MASK}@`}${host}${path}${extra === undefined ? '' : `?${MASK}`}`;
}
