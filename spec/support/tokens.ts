/** Tokens as servers issue them. Nobody checks their signatures here. */

/** @param life when it was issued and when it ends, in seconds from now; without `iat` it does not say the first */
export function jwt(life: { readonly iat?: number; readonly exp: number }): string {
  const now = Date.now() / 1000;
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const claims = {
    sub: 'duck',
    ...(life.iat === undefined ? {} : { iat: now + life.iat }),
    exp: now + life.exp,
    jti: crypto.randomUUID(),
  };
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2ln`;
}

/** @param se when it ends, in seconds from now */
export function sas(se: number): string {
  return `SharedAccessSignature sr=hub.example%2Fdevices%2Fduck&sig=c2ln%3D&se=${Math.ceil(Date.now() / 1000) + se}&skn=`;
}
