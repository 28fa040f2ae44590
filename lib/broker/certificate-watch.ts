/**
 * Tells in time that a certificate ends: that of the broker, or mqttrep's own. A connection can stand longer than its certificate
 * is valid; then the next one fails. So it looks at each connect, and each twelve hours while the connection stands.
 */

import type { LogLevel } from '../protocol/messages.ts';
import {
  type CertificateDays,
  type CertificateEnds,
  certificateWarnings,
  daysUntil,
} from './credentials/certificate-days.ts';

const INTERVAL_MS = 12 * 60 * 60 * 1000;

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
  get days(): CertificateDays {
    return daysUntil(this.#ends, this.#now());
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
    for (const warning of certificateWarnings(this.days)) this.#log('warn', warning);
  }
}
