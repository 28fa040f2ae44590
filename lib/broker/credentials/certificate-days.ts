/** How long the certificates of a connection are still valid. */

import { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';

const DAY_MS = 24 * 60 * 60 * 1000;

export type CertificateOwner = 'broker' | 'mqttrep';

/** When each certificate ends, in milliseconds since 1970; absent where there is none. */
export type CertificateEnds = Readonly<Partial<Record<CertificateOwner, number>>>;

/**
 * @param stream of the connection; over a websocket the certificate of the broker is not known
 * @param cert mqttrep's own, in PEM form
 */
export function certificateEnds(stream: object | undefined, cert: unknown): CertificateEnds {
  const broker = stream instanceof TLSSocket ? endOf(stream.getPeerX509Certificate()) : undefined;
  const own = typeof cert === 'string' ? endOf(parsed(cert)) : undefined;
  return {
    ...(broker === undefined ? {} : { broker }),
    ...(own === undefined ? {} : { mqttrep: own }),
  };
}

/** Days until the end, as a fraction; negative after it. */
export function daysUntil(end: number, now: number): number {
  return (end - now) / DAY_MS;
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
