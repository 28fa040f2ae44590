/**
 * Tells in time that a certificate ends: that of the broker, or mqttrep's own. A connection can stand longer than its certificate
 * is valid; then the next one fails. So it looks at each connect, and each twelve hours while the connection stands.
 */

import type { LogLevel } from '../protocol/messages.ts';
import { type CertificateEnds, type CertificateOwner, daysUntil } from './credentials/certificate-days.ts';

const WARNING_DAYS = 14;
const INTERVAL_MS = 12 * 60 * 60 * 1000;

const NAMES: Readonly<Record<CertificateOwner, string>> = {
  broker: "the broker's certificate",
  mqttrep: 'the certificate of mqttrep (`certFile`)',
};

export class CertificateWatch {
  readonly #log: (level: LogLevel, message: string) => void;
  readonly #now: () => number;
  #ends: CertificateEnds = {};
  #timer: NodeJS.Timeout | undefined;

  constructor(log: (level: LogLevel, message: string) => void, now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  /** The days until each certificate ends; absent where there is none, or before the first connection. */
  get days(): Readonly<Partial<Record<CertificateOwner, number>>> {
    const now = this.#now();
    return Object.fromEntries(Object.entries(this.#ends).map(([owner, end]) => [owner, daysUntil(end, now)]));
  }

  connected(ends: CertificateEnds): void {
    this.#ends = ends;
    this.#check();
    clearInterval(this.#timer);
    if (Object.keys(ends).length === 0) return;
    this.#timer = setInterval(() => this.#check(), INTERVAL_MS).unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    for (const [owner, days] of Object.entries(this.days) as [CertificateOwner, number][]) {
      if (days > WARNING_DAYS) continue;
      const when =
        days < 0 ? 'has ended, and the next connection will fail' : `ends in ${Math.floor(days)} days`;
      const whose = owner === 'broker' ? 'renew it at the broker' : 'write a new one into the file';
      this.#log('warn', `${NAMES[owner]} ${when}; ${whose}`);
    }
  }
}
