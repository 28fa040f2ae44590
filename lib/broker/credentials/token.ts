/** A password that is a token, and so has an end: a JWT (RFC 7519), or a shared access signature (SAS) of Azure. */

export interface Token {
  /** In milliseconds since 1970; undefined if the token does not say. */
  readonly issuedAt: number | undefined;
  /** In milliseconds since 1970. */
  readonly endsAt: number;
}

/** Header, claims and signature. */
const JWT = /^[\w-]+\.([\w-]+)\.[\w-]*$/;

/** A SAS says in `se` when it ends, in seconds since 1970. */
const SAS = /^SharedAccessSignature\s(?:.*&)?se=(\d+)(?:&|$)/;

/** Undefined if the secret is no token, or has no end. Whether the token is valid is for the broker to say. */
export function tokenIn(secret: string): Token | undefined {
  const [, end] = SAS.exec(secret) ?? [];
  if (end !== undefined) return { issuedAt: undefined, endsAt: Number(end) * 1000 };
  const [, claims] = JWT.exec(secret) ?? [];
  return claims === undefined ? undefined : ofClaims(claims);
}

function ofClaims(claims: string): Token | undefined {
  try {
    const { exp, iat } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    if (typeof exp !== 'number') return undefined;
    return { issuedAt: typeof iat === 'number' ? iat * 1000 : undefined, endsAt: exp * 1000 };
  } catch {
    return undefined;
  }
}
