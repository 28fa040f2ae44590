/** A status with three brokers, for the specs of what the page shows of it. */

import type { BrokerStatus, RateSample } from '../../../lib/status/api.ts';
import { PretendWorld } from '../../page/pretend-world.ts';

export const world = new PretendWorld(['OSLO', 'PARIS', 'QUEBEC'], { 'canards/menu': 'oats' });

export function broker(name: string): BrokerStatus {
  const found = world.brokers.find(each => each.name === name);
  if (found === undefined) throw new Error(`no broker ${name}`);
  return found;
}

export function sampleAt(at: number): RateSample {
  return {
    at,
    seconds: 1,
    received: { OSLO: 1 },
    published: {},
    converged: { count: 0, median: null, p95: null },
  };
}

/** With ordinary spaces. */
export function plain(figure: string): string {
  return figure.replaceAll('\u00a0', ' ');
}
