/**
 * What may be shown of a value that can hold a secret. Everything here errs on the side of hiding: a text
 * that is not understood is hidden whole.
 */

export const MASK = '***';

/** Scheme, user information up to the last `@`, host and port, path, query or fragment. */
const URL_SHAPE =
  /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*@)?([\w.-]+(?::\d*)?|\[[0-9a-f:.]*\](?::\d*)?|)(\/[^?#]*)?([?#].*)?$/is;

/**
 * A url without user information, query and fragment, also where it is malformed. A user name or password
 * with unescaped `/`, `?`, `#` or `@` is hidden too, as all before the last `@` is.
 */
export function maskUrl(text: string): string {
  const shape = URL_SHAPE.exec(text);
  if (shape === null) return MASK;
  const [, scheme, userInfo, host = '', path = '', extra] = shape;
  // `broker:1883` without a scheme is a common slip worth showing; any other bare word may be a secret.
  if (scheme === undefined && userInfo === undefined && !/:\d+$/.test(host)) return MASK;
  if (scheme === undefined && path !== '') return MASK;
  const start = scheme === undefined ? '' : `${scheme}://`;
  return `${start}${userInfo === undefined ? '' : `${MASK}@`}${host}${path}${extra === undefined ? '' : `?${MASK}`}`;
}
