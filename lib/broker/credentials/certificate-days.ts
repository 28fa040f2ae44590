/** How long the certificates of a connection are still valid, and the warning in time. */

import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

const DAY_MS = 24 * 60 * 60 * 1000;
const WARNING_DAYS = 14;

const NAMES: Readonly<Record<CertificateOwner, string>> = {
  broker: "the broker's certificate",
  mqttrep: 'the certificate of mqttrep (`certFile`)',
};

export type CertificateOwner = 'broker' | 'mqttrep';

/** When each certificate ends, in milliseconds since 1970; absent where there is none. */
export type CertificateEnds = Readonly<Partial<Record<CertificateOwner, number>>>;

/**
 * @param stream of the connection; over a websocket the certificate of the broker is not known
 * @param cert mqttrep's own, in PEM form
 */
export function certificateEnds(stream: object | undefined, cert: unknown): CertificateEnds {
  const broker = isTls(stream) ? endOf(stream.getPeerX509Certificate()) : undefined;
  const own = typeof cert === 'string' ? endOf(parsed(cert)) : undefined;
  return {
    ...(broker === undefined ? {} : { broker }),
    ...(own === undefined ? {} : { mqttrep: own }),
  };
}

/** Without the module for TLS, which only some connections need. */
function isTls(stream: object | undefined): stream is TLSSocket {
  return stream !== undefined && 'getPeerX509Certificate' in stream;
}

/** Days until the end of each, as a fraction; negative after it. */
export type CertificateDays = Readonly<Partial<Record<CertificateOwner, number>>>;

export function daysUntil(ends: CertificateEnds, now: number): CertificateDays {
  return Object.fromEntries(Object.entries(ends).map(([owner, end]) => [owner, (end - now) / DAY_MS]));
}

/** One for each certificate that ends soon, or has ended. */
export function certificateWarnings(days: CertificateDays): string[] {
  const soon = (Object.entries(days) as [CertificateOwner, number][]).filter(
    ([, left]) => left <= WARNING_DAYS,
  );
  return soon.map(([owner, left]) => {
    const when = left < 0 ? 'has ended, and the next connection will fail' : `ends ${within(left)}`;
    const fix = owner === 'broker' ? 'renew it at the broker' : 'write a new one into the file';
    return `${NAMES[owner]} ${when}; ${fix}`;
  });
}

function within(days: number): string {
  if (days < 1) return 'within a day';
  return days < 2 ? 'in one day' : `in ${Math.floor(days)} days`;
}

function endOf(certificate: X509Certificate | undefined): number | undefined {
  const end = certificate === undefined ? Number.NaN : Date.parse(certificate.validTo);
  return Number.isNaN(end) ? undefined : end;
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
