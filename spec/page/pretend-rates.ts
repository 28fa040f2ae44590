/** Invented measures of the last minutes: how many messages came and went, and how long changes took. */

import type { BrokerStatus, RateSample } from '../../lib/status/api.ts';

/** A sample every two seconds, in waves. */
export function ratesOf(brokers: readonly BrokerStatus[], now: number): RateSample[] {
  return Array.from({ length: 300 }, (_, i) => {
    const wave = 24 + 14 * Math.sin(i / 23) + 6 * Math.sin(i / 3.1) + (i % 71 === 0 ? 40 : 0);
    const received = brokers.map(({ name }, b) => [name, Math.round(wave / (b + 1))] as const);
    const published = brokers.map(({ name }, b) => [name, Math.round(wave / (4 - b))] as const);
    return {
      at: now - (299 - i) * 2000,
      seconds: 2,
      received: Object.fromEntries(received),
      published: Object.fromEntries(published),
      converged: convergedIn(i),
    };
  });
}

/** Some milliseconds, in waves; nothing changed in some samples. */
function convergedIn(i: number): RateSample['converged'] {
  if (i % 41 < 3) return { count: 0, median: null, p95: null };
  const median = 48 + 12 * Math.sin(i / 17) + (i % 5) * 3;
  return { count: 12, median, p95: median * (i % 67 < 4 ? 30 : 2.4 + Math.sin(i / 9)) };
}

export const CONVERGENCE = {
  buckets: [
    { upTo: 10, count: 12 },
    { upTo: 25, count: 140 },
    { upTo: 50, count: 612 },
    { upTo: 100, count: 1480 },
    { upTo: 250, count: 1720 },
    { upTo: 500, count: 1766 },
    { upTo: 1000, count: 1771 },
    { upTo: 2500, count: 1774 },
    { upTo: null, count: 1774 },
  ],
  sum: 132_000,
  count: 1774,
};
